"""The SQL of the dashboard's door: users, links and sessions."""

from datetime import datetime

import msgspec

from services.chassis.process import telemetry
from services.chassis.storage.database import Connection, decode_rows
from services.site.admin.access import USERS_MAX, Seen, Session, User, Wanted

SESSIONS_SHOWN = 200


class TriedLink(msgspec.Struct, frozen=True):
    """A link that somebody tried, and whether it may still be used, and there."""

    user_id: str
    is_spent: bool
    is_other_browser: bool

    @property
    def opens(self) -> bool:
        """Tell whether it signs in."""
        return not self.is_spent and not self.is_other_browser


class FreshLinks(msgspec.Struct, frozen=True):
    """How many links somebody was sent lately, by one network and by all."""

    there: int
    in_all: int


class SessionShown(msgspec.Struct, frozen=True, kw_only=True):
    """A session as supers read it."""

    session_id: str
    email: str
    device: str
    network: str
    started_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    is_active: bool


async def platform_now(conn: Connection) -> datetime:
    now: datetime = await conn.fetchval("SELECT platform.now()")
    return now


async def lock_users(conn: Connection) -> None:
    """Let nobody else change who may come in until this transaction ends."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('site.admin_users', 0))")


async def list_users(conn: Connection) -> list[User]:
    rows = await conn.fetch(
        """
        SELECT user_id, email, role, campaigns, language
        FROM admin_users
        WHERE removed_at IS NULL
        ORDER BY email
        LIMIT $1
        """,
        USERS_MAX,
    )
    return decode_rows(rows, User)


async def find_user(conn: Connection, email: str) -> User | None:
    row = await conn.fetchrow(
        """
        SELECT user_id, email, role, campaigns, language
        FROM admin_users
        WHERE email = $1 AND removed_at IS NULL
        """,
        email,
    )
    return None if row is None else msgspec.convert(row, User)


async def save_user(
    conn: Connection, user_id: str, wanted: Wanted, *, language: str, by: str
) -> User:
    """Let somebody in, or in again; return them."""
    row = await conn.fetchrow(
        """
        INSERT INTO admin_users
            (user_id, email, role, campaigns, language, invited_by, invited_at)
        VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())
        ON CONFLICT (email) DO UPDATE
        SET role = excluded.role, campaigns = excluded.campaigns, language = excluded.language,
            invited_by = excluded.invited_by, invited_at = excluded.invited_at,
            removed_at = NULL
        RETURNING user_id, email, role, campaigns, language
        """,
        user_id,
        wanted.email,
        wanted.role,
        list(wanted.campaigns),
        language,
        by,
    )
    return msgspec.convert(row, User)


async def change_user(conn: Connection, user_id: str, wanted: Wanted) -> None:
    await conn.execute(
        "UPDATE admin_users SET role = $2, campaigns = $3 WHERE user_id = $1",
        user_id,
        wanted.role,
        list(wanted.campaigns),
    )


async def remove_user(conn: Connection, user_id: str) -> None:
    await conn.execute(
        "UPDATE admin_users SET removed_at = clock_timestamp() WHERE user_id = $1", user_id
    )


async def next_version(conn: Connection, user_id: str) -> int:
    """Count a change of what somebody may do; the caller has locked the users."""
    version: int = await conn.fetchval(
        "UPDATE admin_users SET version = version + 1 WHERE user_id = $1 RETURNING version", user_id
    )
    return version


async def count_fresh_links(
    conn: Connection, user_id: str, seconds: float, network: str
) -> FreshLinks:
    """Return how many links somebody was sent lately. An invitation counts against nobody."""
    row = await conn.fetchrow(
        """
        SELECT count(*) FILTER (WHERE network = $3) AS there, count(*) AS in_all
        FROM admin_sign_ins
        WHERE user_id = $1
          AND browser_sha256 IS NOT NULL
          AND asked_at > clock_timestamp() - make_interval(secs => $2)
        """,
        user_id,
        seconds,
        network,
    )
    return msgspec.convert(row, FreshLinks)


async def insert_link(
    conn: Connection,
    user_id: str,
    token: bytes,
    browser: bytes | None,
    *,
    network: str,
    seconds: float,
) -> datetime:
    """Keep a link's digest; return until when it works."""
    expires_at: datetime = await conn.fetchval(
        """
        INSERT INTO admin_sign_ins
            (token_sha256, browser_sha256, user_id, network, asked_at, expires_at)
        VALUES ($1, $2, $3, $4, clock_timestamp(), clock_timestamp() + make_interval(secs => $5))
        RETURNING expires_at
        """,
        token,
        browser,
        user_id,
        network,
        seconds,
    )
    return expires_at


async def use_link(conn: Connection, token: bytes, browser: bytes) -> TriedLink | None:
    """Spend a link; None when there is none. Spent before, or elsewhere: nothing changes."""
    row = await conn.fetchrow(
        """
        SELECT sign_in_id, user_id,
               used_at IS NOT NULL OR expires_at <= clock_timestamp() AS is_spent,
               browser_sha256 IS NOT NULL AND browser_sha256 <> $2 AS is_other_browser
        FROM admin_sign_ins
        WHERE token_sha256 = $1
        FOR UPDATE
        """,
        token,
        browser,
    )
    if row is None:
        return None
    found = TriedLink(row["user_id"], row["is_spent"], row["is_other_browser"])
    if found.opens:
        await conn.execute(
            "UPDATE admin_sign_ins SET used_at = clock_timestamp() WHERE sign_in_id = $1",
            row["sign_in_id"],
        )
    return found


async def begin_session(
    conn: Connection, token: bytes, user_id: str, seen: Seen, seconds: float
) -> str | None:
    """Sign a browser in; return the session's id, None when its user may not come in any more."""
    session_id: str | None = await conn.fetchval(
        """
        INSERT INTO admin_sessions
            (session_id, token_sha256, user_id, device, network, started_at, expires_at)
        SELECT $1, $2, user_id, $4, $5, clock_timestamp(),
               clock_timestamp() + make_interval(secs => $6)
        FROM admin_users
        WHERE user_id = $3 AND removed_at IS NULL
        RETURNING session_id
        """,
        telemetry.new_id(),
        token,
        user_id,
        seen.device,
        seen.network,
        seconds,
    )
    return session_id


async def find_session(conn: Connection, token: bytes) -> Session | None:
    """Return a session that holds, with what its user may do by now."""
    row = await conn.fetchrow(
        """
        SELECT session_id, expires_at, user_id, email, role, campaigns, language
        FROM admin_sessions
        JOIN admin_users USING (user_id)
        WHERE token_sha256 = $1
          AND ended_at IS NULL
          AND expires_at > clock_timestamp()
          AND removed_at IS NULL
        """,
        token,
    )
    if row is None:
        return None
    user = msgspec.convert(row, User)
    return Session(session_id=row["session_id"], expires_at=row["expires_at"], user=user)


async def end_session(conn: Connection, session_id: str, by: str) -> str | None:
    """End a session; return whose it was, None when there was nothing to end."""
    email: str | None = await conn.fetchval(
        """
        UPDATE admin_sessions
        SET ended_at = clock_timestamp(), ended_by = $2
        FROM admin_users
        WHERE session_id = $1
          AND admin_users.user_id = admin_sessions.user_id
          AND ended_at IS NULL
          AND expires_at > clock_timestamp()
        RETURNING email
        """,
        session_id,
        by,
    )
    return email


async def end_sessions_of(conn: Connection, user_id: str, by: str) -> None:
    """End all sessions of somebody whose rights changed."""
    await conn.execute(
        """
        UPDATE admin_sessions
        SET ended_at = clock_timestamp(), ended_by = $2
        WHERE user_id = $1 AND ended_at IS NULL AND expires_at > clock_timestamp()
        """,
        user_id,
        by,
    )


async def list_sessions(conn: Connection) -> list[SessionShown]:
    """Return what is signed in, and who came in the last 30 days."""
    rows = await conn.fetch(
        """
        SELECT session_id, email, device, network, started_at, expires_at, ended_at, ended_by,
               ended_at IS NULL AND expires_at > clock_timestamp() AS is_active
        FROM admin_sessions
        JOIN admin_users USING (user_id)
        WHERE started_at > clock_timestamp() - interval '30 days'
        ORDER BY is_active DESC, started_at DESC
        LIMIT $1
        """,
        SESSIONS_SHOWN,
    )
    return decode_rows(rows, SessionShown)
