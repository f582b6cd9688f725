"""Who may come in: invited, changed, removed, signed out by a super. Each is written down."""

from collections.abc import Sequence

from contracts.events.admin import RunnerChanged
from contracts.ids import CampaignSlug
from contracts.refusals import InputRefused, NotFound, NotYours, StateRefused
from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.site.admin import access
from services.site.admin.access import User, Wanted
from services.site.admin.audit import Done
from services.site.admin.handlers.sign_in import send_link
from services.site.admin.queries import access as queries
from services.site.admin.queries import audit

OPERATOR = User(user_id="", email="./pool admin invite", role="super")
"""Whoever has the operator's secret, and so the machine."""


async def invite(conn: Connection, wanted: Wanted, language: str, *, by: User) -> str:
    """Let somebody in, and mail a link that signs in. Asked again, another link is sent.

    Return the link's secret: whoever has the operator's own may hand it over by themselves.
    """
    users = await _lock(conn, by)
    known = await queries.find_user(conn, wanted.email)
    if known is not None and (known.role, known.campaigns) != (wanted.role, wanted.campaigns):
        raise StateRefused("known_user", "This person is a user already. Change them below.")
    if known is None and len(users) >= access.USERS_MAX:
        raise StateRefused("too_many_users", "There is room for 100 users.")
    user = known or await queries.save_user(
        conn, telemetry.new_id(), wanted, language=language, by=by.email
    )
    if known is None:
        await _tell(conn, user.user_id, user.email, language, wanted.campaigns)
    token = await send_link(conn, user, language, browser=None)
    await audit.append(conn, _done("user_invited", user, by, _rights(wanted)))
    return token


async def change(conn: Connection, user_id: str, wanted: Wanted, *, by: User) -> None:
    """Give somebody other rights: what is signed in with the old ones ends."""
    user, users = await _locked(conn, user_id, by)
    if wanted.email != user.email:
        raise InputRefused("invalid_input", "An address is not changed: invite the new one.")
    access.require_others(users, user, by.user_id, wanted.role)
    if (user.role, user.campaigns) == (wanted.role, wanted.campaigns):
        return
    await queries.change_user(conn, user_id, wanted)
    await _tell(conn, user_id, user.email, user.language, wanted.campaigns)
    if user_id != by.user_id:
        await queries.end_sessions_of(conn, user_id, by.email)
    await audit.append(conn, _done("user_changed", user, by, _rights(wanted)))


async def remove(conn: Connection, user_id: str, *, by: User) -> None:
    """Let somebody in no more, from this moment on."""
    user, users = await _locked(conn, user_id, by)
    access.require_others(users, user, by.user_id, None)
    await queries.remove_user(conn, user_id)
    await _tell(conn, user_id, "", user.language, ())
    await queries.end_sessions_of(conn, user_id, by.email)
    await audit.append(conn, _done("user_removed", user, by, {}))


async def revoke(conn: Connection, session_id: str, *, by: User) -> None:
    """Sign a browser out."""
    await _lock(conn, by)
    email = await queries.end_session(conn, session_id, by.email)
    if email is None:
        raise NotFound("unknown_session", "This session has ended already.")
    await audit.append(
        conn, Done(actor=by.email, role=by.role, action="session_revoked", subject=email)
    )


async def _tell(
    conn: Connection, user_id: str, email: str, language: str, campaigns: Sequence[str]
) -> None:
    """Announce which campaigns somebody runs now: they are sent the reports of these."""
    version = await queries.next_version(conn, user_id)
    event = RunnerChanged(
        event_id=outbox.new_event_id(),
        occurred_at=await queries.platform_now(conn),
        user_id=user_id,
        version=version,
        email=email if campaigns else "",
        language=language,
        campaigns=tuple(CampaignSlug(each) for each in campaigns),
    )
    await outbox.append(conn, event, key=user_id, aggregate=f"user:{user_id}", version=version)


async def _lock(conn: Connection, by: User) -> list[User]:
    """Return who may come in, from now on unchanged by others.

    Whoever lost their rights since their request began does nothing with them any more.
    """
    await queries.lock_users(conn)
    users = await queries.list_users(conn)
    if by is not OPERATOR and not any(
        each.user_id == by.user_id and each.is_super for each in users
    ):
        raise NotYours("not_allowed", "You don't have the rights for this.")
    return users


async def _locked(conn: Connection, user_id: str, by: User) -> tuple[User, list[User]]:
    users = await _lock(conn, by)
    for user in users:
        if user.user_id == user_id:
            return user, users
    raise NotFound("unknown_user", "There is no such user.")


def _rights(wanted: Wanted) -> dict[str, object]:
    return {"role": wanted.role, "campaigns": list(wanted.campaigns)}


def _done(action: str, user: User, by: User, details: dict[str, object]) -> Done:
    return Done(actor=by.email, role=by.role, action=action, subject=user.email, details=details)
