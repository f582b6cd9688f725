"""SQL about the end of a campaign: which are due, closing the door for good, what counted."""

from datetime import datetime

import msgspec

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's door as seen by who holds it alone."""

    deadline_at: datetime
    is_drained: bool
    now: datetime


async def list_due_for_drain(conn: Connection) -> list[CampaignSlug]:
    rows = await conn.fetch(
        """
        SELECT slug
        FROM campaigns
        WHERE drained_at IS NULL
          AND deadline_at <= platform.now()
        ORDER BY deadline_at, slug
        LIMIT 100
        """
    )
    return [row["slug"] for row in rows]


async def lock_closing(conn: Connection, slug: CampaignSlug) -> Closing:
    """Close the door: waits for everybody who holds it, and keeps others out."""
    row = await conn.fetchrow(
        """
        WITH turn AS MATERIALIZED (
            SELECT pg_advisory_xact_lock(hashtextextended('checkout.door:' || $1, 0))
        ), held AS MATERIALIZED (
            SELECT deadline_at, drained_at
            FROM campaigns
            WHERE slug = $1
              AND EXISTS (SELECT FROM turn)
            FOR UPDATE
        )
        SELECT deadline_at, drained_at IS NOT NULL AS is_drained, platform.now() AS now
        FROM held
        """,
        slug,
    )
    return msgspec.convert(row, Closing)


async def mark_drained(
    conn: Connection, slug: CampaignSlug, *, now: datetime, order_count: int, order_hash: str
) -> None:
    await conn.execute(
        """
        UPDATE campaigns
        SET drained_at = $2,
            order_count = $3,
            order_hash = $4
        WHERE slug = $1
        """,
        slug,
        now,
        order_count,
        order_hash,
    )
