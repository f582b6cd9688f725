"""Users and sessions: shown to supers, changed by their forms."""

from litestar.response.base import ASGIResponse

from contracts.refusals import NotFound
from services.chassis.storage.database import transaction
from services.site.admin.access import Wanted, wanted_user
from services.site.admin.handlers import people
from services.site.admin.queries import access as queries
from services.site.desks.dashboard import Visit, Work


async def users(visit: Visit) -> ASGIResponse:
    """Show who may come in, and the form that invites somebody."""
    async with transaction(visit.dash.pool) as conn:
        found = await queries.list_users(conn)
    given = {name: visit.one(name) for name in ("email", "role")}
    return visit.page(
        "users",
        users=found,
        titles=visit.dash.titles(),
        given=given if visit.trouble and visit.row.name == "users.invite" else {},
        chosen=visit.many("campaigns"),
    )


async def invite(visit: Visit) -> ASGIResponse:
    """Let somebody in."""
    async with transaction(visit.dash.pool) as conn:
        await people.invite(conn, _wanted(visit, visit.one("email")), visit.language, by=visit.user)
    return visit.go("users/", done="invited")


async def change(visit: Visit) -> ASGIResponse:
    """Give somebody other rights."""
    async with transaction(visit.dash.pool) as conn:
        found = [each for each in await queries.list_users(conn) if each.user_id == visit.key]
        if not found:
            raise NotFound("unknown_user", "There is no such user.")
        await people.change(conn, visit.key, _wanted(visit, found[0].email), by=visit.user)
    return visit.go("users/", done="changed")


async def remove(visit: Visit) -> ASGIResponse:
    """Let somebody in no more."""
    async with transaction(visit.dash.pool) as conn:
        await people.remove(conn, visit.key, by=visit.user)
    return visit.go("users/", done="removed")


async def sessions(visit: Visit) -> ASGIResponse:
    """Show which browsers are signed in, and who came in the last 30 days."""
    async with transaction(visit.dash.pool) as conn:
        found = await queries.list_sessions(conn)
    own = visit.session.session_id if visit.session else ""
    return visit.page("sessions", sessions=found, own=own)


async def revoke(visit: Visit) -> ASGIResponse:
    """Sign a browser out."""
    async with transaction(visit.dash.pool) as conn:
        await people.revoke(conn, visit.key, by=visit.user)
    return visit.go("sessions/", done="revoked")


def _wanted(visit: Visit, email: str) -> Wanted:
    return wanted_user(email, visit.one("role"), visit.many("campaigns"), visit.dash.titles())


WORKS: dict[str, Work] = {
    "users": users,
    "users.invite": invite,
    "users.change": change,
    "users.remove": remove,
    "sessions": sessions,
    "sessions.revoke": revoke,
}
