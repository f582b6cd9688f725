"""The SQL of broadcasts: what is said to many, and how far it is."""

from typing import Any

import msgspec

from contracts.api.notify import BroadcastLine, Progress
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, Pool, decode_rows
from services.notify.domain.news import Broadcast, BroadcastKind

SHOWN_MAX = 100
COLUMNS = """
    broadcast_id, kind, cause, campaign, news, audience_count, audience_hash, through, reached,
    is_written, created_at
"""


async def insert_broadcast(conn: Connection, new: Broadcast) -> bool:
    """Decide on news, once for its cause; false when it was said before."""
    row = await conn.fetchrow(
        """
        INSERT INTO broadcasts
            (broadcast_id, kind, cause, campaign, news, audience_count, audience_hash, through,
             created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT ON CONSTRAINT one_broadcast_per_cause DO NOTHING
        RETURNING broadcast_id
        """,
        new.broadcast_id,
        new.kind,
        new.cause,
        new.campaign,
        new.news,
        new.audience_count,
        new.audience_hash,
        new.through,
        new.created_at,
    )
    return row is not None


async def find_broadcast(conn: Connection, kind: BroadcastKind, cause: str) -> Broadcast | None:
    """Return the news that was decided on for a cause."""
    row = await conn.fetchrow(
        f"SELECT {COLUMNS} FROM broadcasts WHERE kind = $1 AND cause = $2",  # noqa: S608
        kind,
        cause,
    )
    return None if row is None else msgspec.convert(row, Broadcast)


async def lock_unwritten(conn: Connection) -> Broadcast | None:
    """Return the oldest broadcast whose mails are not all written, for this transaction alone."""
    row = await conn.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM broadcasts
        WHERE NOT is_written
        ORDER BY created_at
        LIMIT 1
        FOR UPDATE SKIP LOCKED
        """  # noqa: S608 (a constant of this module)
    )
    return None if row is None else msgspec.convert(row, Broadcast)


async def advance_broadcast(
    conn: Connection, broadcast_id: str, *, reached: str, is_written: bool
) -> None:
    await conn.execute(
        """
        UPDATE broadcasts
        SET reached = greatest(reached, $2), is_written = $3
        WHERE broadcast_id = $1
        """,
        broadcast_id,
        reached,
        is_written,
    )


async def read_progress(pool: Pool | Connection, broadcast_id: str) -> Progress | None:
    """Return how far a broadcast is."""
    row: Any = await pool.fetchrow(
        """
        SELECT broadcast_id AS "broadcastId", kind, campaign AS "campaignSlug",
               news ->> 'subject' AS subject, audience_count AS audience,
               audience_hash AS "audienceHash", is_written AS "isWritten",
               written, waiting, sent, undeliverable, withheld, unknown,
               created_at AS "createdAt"
        FROM broadcasts
        CROSS JOIN LATERAL (
            SELECT count(*) AS written,
                   count(*) FILTER (WHERE status IN ('queued', 'sending')) AS waiting,
                   count(*) FILTER (WHERE status = 'sent') AS sent,
                   count(*) FILTER (WHERE status = 'undeliverable') AS undeliverable,
                   count(*) FILTER (WHERE status = 'withheld') AS withheld,
                   count(*) FILTER (WHERE status = 'unknown') AS unknown
            FROM mails
            WHERE mails.broadcast_id = broadcasts.broadcast_id
        ) AS counted
        WHERE broadcast_id = $1
        """,
        broadcast_id,
    )
    return None if row is None else msgspec.convert(dict(row), Progress)


async def list_broadcasts(conn: Connection, campaign: CampaignSlug) -> list[BroadcastLine]:
    """Return what was said to many about a campaign, the newest first."""
    rows = await conn.fetch(
        """
        SELECT broadcast_id AS "broadcastId", kind, news ->> 'subject' AS subject,
            audience_count AS audience, is_written AS "isWritten", created_at AS "createdAt"
        FROM broadcasts
        WHERE campaign = $1
        ORDER BY created_at DESC, broadcast_id
        LIMIT $2
        """,
        campaign,
        SHOWN_MAX,
    )
    return decode_rows(rows, BroadcastLine)
