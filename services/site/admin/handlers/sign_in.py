"""Signing in: a link is asked for, used once, and becomes a session that ends."""

import secrets

from contracts.events.admin import SignInAsked
from contracts.ids import canonical_email
from contracts.refusals import LinkRefused
from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.site.admin import access
from services.site.admin.access import Seen, User
from services.site.admin.audit import Done
from services.site.admin.queries import access as queries
from services.site.admin.queries import audit

log = telemetry.logger(__name__)


def new_secret() -> str:
    """Return what nobody can guess: 256 random bits."""
    return secrets.token_urlsafe(32)


async def ask_link(
    conn: Connection, email: str, language: str, browser_secret: str, *, network: str
) -> None:
    """Have a link mailed to whoever may come in. The asker is told nothing about that."""
    user = await queries.find_user(conn, canonical_email(email))
    if user is None:
        return
    life = access.SIGN_IN_LIFE.total_seconds()
    # Locked, or many at once would each find that the others are not there yet.
    await queries.lock_users(conn)
    sent = await queries.count_fresh_links(conn, user.user_id, life, network)
    if sent.there >= access.SIGN_INS_PER_LIFE or sent.in_all >= access.SIGN_INS_IN_ALL:
        log.warning("sign_in_links_spent", user=user.user_id)
        return
    browser = access.digest(browser_secret)
    await send_link(conn, user, language, browser=browser, network=network)


async def send_link(
    conn: Connection, user: User, language: str, *, browser: bytes | None, network: str = ""
) -> str:
    """Keep a link's digest, announce the link to who writes the mail, and return its secret."""
    token = new_secret()
    expires_at = await queries.insert_link(
        conn,
        user.user_id,
        access.digest(token),
        browser,
        network=network,
        seconds=access.SIGN_IN_LIFE.total_seconds(),
    )
    event = SignInAsked(
        event_id=outbox.new_event_id(),
        occurred_at=await queries.platform_now(conn),
        email=user.email,
        language=language,
        token=token,
        expires_at=expires_at,
        is_invitation=browser is None,
    )
    aggregate = f"sign_in:{access.digest(token).hex()}"
    await outbox.append(conn, event, key=user.user_id, aggregate=aggregate, version=1)
    return token


async def sign_in(
    conn: Connection, token: str, browser_secret: str, seen: Seen, *, old_session: str
) -> str:
    """Spend a link; return the secret of the session it became. Raises `LinkRefused`."""
    link = await queries.use_link(conn, access.digest(token), access.digest(browser_secret))
    if link is None or link.is_spent:
        raise LinkRefused("link_spent", "This link does not work any more. Ask for a new one.")
    if link.is_other_browser:
        raise LinkRefused("other_browser", "Open the link in the browser that asked for it.")
    before = await queries.find_session(conn, access.digest(old_session))
    if before is not None:
        await queries.end_session(conn, before.session_id, before.user.email)
    secret = new_secret()
    session_id = await queries.begin_session(
        conn, access.digest(secret), link.user_id, seen, access.SESSION_LIFE.total_seconds()
    )
    session = await queries.find_session(conn, access.digest(secret))
    if session_id is None or session is None:
        raise LinkRefused("link_spent", "This link does not work any more. Ask for a new one.")
    user = session.user
    done = Done(actor=user.email, role=user.role, action="signed_in", subject=seen.device)
    await audit.append(conn, done)
    return secret


async def sign_out(conn: Connection, session_id: str, user: User) -> None:
    """End one's own session."""
    await queries.end_session(conn, session_id, user.email)
    await audit.append(conn, Done(actor=user.email, role=user.role, action="signed_out"))
