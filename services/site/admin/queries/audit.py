"""The SQL of the audit log: it is written once, and read."""

from datetime import date

from services.chassis.storage.database import Connection, decode_rows
from services.site.admin.audit import Done, Entry, Search


async def append(conn: Connection, done: Done) -> None:
    """Write down what somebody did."""
    await conn.execute(
        """
        INSERT INTO admin_audit (at, actor, role, action, subject, campaign, details)
        VALUES (clock_timestamp(), $1, $2, $3, $4, $5, $6)
        """,
        done.actor,
        done.role,
        done.action,
        done.subject,
        done.campaign,
        done.details,
    )


async def list_entries(
    conn: Connection, search: Search, zone: str, *, before: int, limit: int
) -> list[Entry]:
    """Return the newest entries older than number `before`; days are of the platform's zone."""
    rows = await conn.fetch(
        """
        SELECT entry_id, at, actor, role, action, subject, campaign, details
        FROM admin_audit
        WHERE entry_id < $1
          AND ($2 = '' OR action = $2)
          AND ($3 = '' OR campaign = $3)
          AND ($4 = '' OR strpos(lower(concat_ws(' ', actor, subject, details::text)), $4) > 0)
          AND ($5::date IS NULL OR at >= ($5::date)::timestamp AT TIME ZONE $7)
          AND ($6::date IS NULL OR at < ($6::date + 1)::timestamp AT TIME ZONE $7)
        ORDER BY entry_id DESC
        LIMIT $8
        """,
        before,
        search.action,
        search.campaign,
        search.words.lower(),
        day_of(search.since),
        day_of(search.until),
        zone,
        limit,
    )
    return decode_rows(rows, Entry)


async def list_actions(conn: Connection) -> list[str]:
    """Return every action that was ever done."""
    rows = await conn.fetch("SELECT DISTINCT action FROM admin_audit ORDER BY action LIMIT 100")
    return [row["action"] for row in rows]


def day_of(text: str) -> date | None:
    """Return a day that was read before."""
    return date.fromisoformat(text) if text else None


async def forget(conn: Connection, keep_days: int, *, at_most: int) -> int:
    """Forget lines older than so many days, and 400 at least; return how many."""
    gone: int = await conn.fetchval("SELECT forget_audit($1, $2)", keep_days, at_most)
    return gone
