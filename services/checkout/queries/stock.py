"""SQL about scarce units. Rows are locked in key order; the conditions are in the statements."""

from typing import Literal

import msgspec

from contracts.events.checkout import TierStock
from contracts.ids import CampaignSlug, OrderId
from services.chassis.database import Connection, decode_rows
from services.checkout.stock import Units


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Units of an order, and how firmly it has them."""

    campaign: CampaignSlug
    tier_id: str
    quantity: int
    state: Literal["reserved", "claimed", "released"]


async def lock_stock(conn: Connection, campaigns: list[CampaignSlug]) -> None:
    """Lock every limited tier of these campaigns, in key order."""
    await conn.execute(
        """
        SELECT
        FROM tier_stock
        WHERE campaign = ANY($1)
        ORDER BY campaign, tier_id
        FOR UPDATE
        """,
        campaigns,
    )


async def reserve(conn: Connection, units: Units) -> bool:
    """Reserve units of a limited tier; False when too few are left."""
    taken = await conn.fetchval(
        """
        UPDATE tier_stock
        SET reserved = reserved + $3
        WHERE campaign = $1
          AND tier_id = $2
          AND claimed + reserved + $3 <= limit_total
        RETURNING true
        """,
        units.campaign,
        units.tier_id,
        units.quantity,
    )
    return taken is not None


async def claim(conn: Connection, units: Units) -> bool:
    """Claim units nobody reserved for us; False when too few are left.

    A tier without a limit always has enough.
    """
    taken = await conn.fetchval(
        """
        UPDATE tier_stock
        SET claimed = claimed + $3
        WHERE campaign = $1
          AND tier_id = $2
          AND claimed + reserved + $3 <= limit_total
        RETURNING true
        """,
        units.campaign,
        units.tier_id,
        units.quantity,
    )
    return taken is not None or await find_tier(conn, units.campaign, units.tier_id) is None


async def find_tier(conn: Connection, campaign: CampaignSlug, tier_id: str) -> TierStock | None:
    row = await conn.fetchrow(
        """
        SELECT limit_total, claimed, reserved
        FROM tier_stock
        WHERE campaign = $1
          AND tier_id = $2
        """,
        campaign,
        tier_id,
    )
    return msgspec.convert(row, TierStock) if row is not None else None


async def list_held(conn: Connection, order_id: OrderId) -> list[Held]:
    rows = await conn.fetch(
        """
        SELECT campaign, tier_id, quantity, state
        FROM reservations
        WHERE order_id = $1
        ORDER BY campaign, tier_id
        """,
        order_id,
    )
    return decode_rows(rows, Held)


async def claim_reserved(conn: Connection, order_id: OrderId, campaign: CampaignSlug) -> None:
    """Turn one campaign's reservations into claims."""
    await conn.execute(
        """
        WITH moved AS (
            UPDATE reservations
            SET state = 'claimed'
            WHERE order_id = $1
              AND campaign = $2
              AND state = 'reserved'
            RETURNING campaign, tier_id, quantity
        )
        UPDATE tier_stock AS s
        SET reserved = s.reserved - moved.quantity,
            claimed = s.claimed + moved.quantity
        FROM moved
        WHERE s.campaign = moved.campaign
          AND s.tier_id = moved.tier_id
        """,
        order_id,
        campaign,
    )


async def mark_claimed(conn: Connection, order_id: OrderId, units: Units) -> None:
    """Record that units released before are claimed afresh."""
    await conn.execute(
        """
        UPDATE reservations
        SET state = 'claimed'
        WHERE order_id = $1
          AND campaign = $2
          AND tier_id = $3
        """,
        order_id,
        units.campaign,
        units.tier_id,
    )


async def release(conn: Connection, order_id: OrderId, campaigns: list[CampaignSlug]) -> int:
    """Free whatever the order holds of these campaigns; return how many units.

    Held is held once, so freeing again frees nothing, however often it is asked for.
    """
    freed = await conn.fetchval(
        """
        WITH held AS (
            SELECT campaign, tier_id, quantity, state
            FROM reservations
            WHERE order_id = $1
              AND campaign = ANY($2)
              AND state <> 'released'
            FOR UPDATE
        ), freed AS (
            UPDATE reservations AS r
            SET state = 'released'
            FROM held
            WHERE r.order_id = $1
              AND r.campaign = held.campaign
              AND r.tier_id = held.tier_id
            RETURNING held.campaign, held.tier_id, held.quantity, held.state
        ), returned AS (
            UPDATE tier_stock AS s
            SET claimed = s.claimed - CASE freed.state WHEN 'claimed' THEN quantity ELSE 0 END,
                reserved = s.reserved - CASE freed.state WHEN 'reserved' THEN quantity ELSE 0 END,
                ceiling_total = greatest(s.limit_total, s.claimed + s.reserved - quantity)
            FROM freed
            WHERE s.campaign = freed.campaign
              AND s.tier_id = freed.tier_id
        )
        SELECT coalesce(sum(quantity), 0)
        FROM freed
        """,
        order_id,
        campaigns,
    )
    return int(freed)


async def set_limits(conn: Connection, campaign: CampaignSlug, limits: dict[str, int]) -> None:
    """Give a campaign's tiers their limits, counting anew what is held of each.

    The campaign's row must be locked for update: then nobody moves a unit meanwhile.
    """
    await conn.execute(
        "DELETE FROM tier_stock WHERE campaign = $1 AND tier_id <> ALL($2)",
        campaign,
        list(limits),
    )
    await conn.execute(
        """
        INSERT INTO tier_stock (campaign, tier_id, limit_total, ceiling_total, claimed, reserved)
        SELECT $1,
               wanted.tier_id,
               wanted.limit_total,
               greatest(wanted.limit_total, coalesce(claimed, 0) + coalesce(reserved, 0)),
               coalesce(claimed, 0),
               coalesce(reserved, 0)
        FROM unnest($2::text[], $3::integer[]) AS wanted (tier_id, limit_total)
        LEFT JOIN (
            SELECT tier_id,
                   sum(quantity) FILTER (WHERE state = 'claimed') AS claimed,
                   sum(quantity) FILTER (WHERE state = 'reserved') AS reserved
            FROM reservations
            WHERE campaign = $1
              AND state <> 'released'
            GROUP BY tier_id
        ) AS held USING (tier_id)
        ORDER BY wanted.tier_id
        ON CONFLICT (campaign, tier_id) DO UPDATE
        SET limit_total = excluded.limit_total,
            ceiling_total = excluded.ceiling_total,
            claimed = excluded.claimed,
            reserved = excluded.reserved
        """,
        campaign,
        list(limits),
        list(limits.values()),
    )


async def list_stock(conn: Connection, campaign: CampaignSlug) -> dict[str, TierStock]:
    rows = await conn.fetch(
        """
        SELECT tier_id, limit_total, claimed, reserved
        FROM tier_stock
        WHERE campaign = $1
        ORDER BY tier_id
        """,
        campaign,
    )
    return {row["tier_id"]: msgspec.convert(row, TierStock) for row in rows}


async def next_version(conn: Connection, campaign: CampaignSlug) -> int:
    """Return the stock's next version; who comes later waits until we commit."""
    version: int = await conn.fetchval(
        """
        INSERT INTO stock_versions (campaign, version)
        VALUES ($1, 1)
        ON CONFLICT (campaign) DO UPDATE
        SET version = stock_versions.version + 1
        RETURNING version
        """,
        campaign,
    )
    return version


async def find_version(conn: Connection, campaign: CampaignSlug) -> int:
    version = await conn.fetchval(
        "SELECT version FROM stock_versions WHERE campaign = $1", campaign
    )
    return int(version or 0)
