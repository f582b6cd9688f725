"""Writing down what somebody did, after it was done."""

from services.chassis.storage.database import transaction
from services.site.admin.audit import Done
from services.site.admin.queries import audit
from services.site.desks.dashboard import Visit


async def write_down(visit: Visit, done: Done) -> None:
    """Append to the audit log. What a service did is noted there as well, in its transaction."""
    async with transaction(visit.dash.pool) as conn:
        await audit.append(conn, done)


def done_by(visit: Visit, action: str, subject: str = "", **details: object) -> Done:
    """Return what this visit did, in the name of who is signed in."""
    return Done(
        actor=visit.user.email,
        role=visit.user.role,
        action=action,
        subject=subject,
        campaign=visit.slug,
        details=details,
    )
