"""Everything that site forgets by itself, as loops of a worker."""

from functools import partial

from services.chassis.process.parts import Loop
from services.chassis.storage.database import Pool
from services.site.schedules.forget_audit import forget_audit
from services.site.schedules.forget_reviewers import forget_reviewers


def forgetting_loops(pool: Pool, audit_days: int) -> list[Loop]:
    """Return what forgets old lines of the audit log, and reviewers whose link is over."""
    return [partial(forget_audit, pool, audit_days), partial(forget_reviewers, pool)]
