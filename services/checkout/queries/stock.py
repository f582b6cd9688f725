"""SQL about limited things. Rows are locked in key order; the conditions are in the statements."""

import msgspec

from contracts.events.checkout import StockLevel
from services.chassis.storage.database import Connection, decode_rows
from services.checkout.domain.stock import Levels, Limited, Thing, Units

Columns = tuple[list[str], list[str], list[str], list[str]]


class Level(StockLevel, frozen=True, kw_only=True):
    """A limited thing and its stock."""

    shelf: str
    kind: str
    item_id: str
    variant_id: str


def columns(things: list[Thing]) -> Columns:
    """Return the keys of things as four arrays."""
    return (
        [each.shelf for each in things],
        [each.kind for each in things],
        [each.item_id for each in things],
        [each.variant_id for each in things],
    )


async def lock_things(conn: Connection, things: list[Thing]) -> None:
    """Lock the rows of these things, those that are limited, in key order."""
    await conn.execute(
        """
        SELECT
        FROM stock
        WHERE (shelf, kind, item_id, variant_id) IN (
            SELECT *
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
        )
        ORDER BY shelf, kind, item_id, variant_id
        FOR UPDATE
        """,
        *columns(things),
    )


async def lock_shelf(conn: Connection, shelf: str) -> None:
    """Lock everything limited on a shelf, in key order."""
    await conn.execute(
        """
        SELECT
        FROM stock
        WHERE shelf = $1
        ORDER BY shelf, kind, item_id, variant_id
        FOR UPDATE
        """,
        shelf,
    )


async def reserve(conn: Connection, units: Units) -> bool:
    """Reserve units of a limited thing; False when too few are left."""
    taken = await conn.fetchval(
        """
        UPDATE stock
        SET reserved = reserved + $5
        WHERE shelf = $1
          AND kind = $2
          AND item_id = $3
          AND variant_id = $4
          AND claimed + reserved + $5 <= limit_total
        RETURNING true
        """,
        *msgspec.structs.astuple(units.thing),
        units.quantity,
    )
    return taken is not None


async def claim(conn: Connection, units: Units) -> bool:
    """Claim units nobody reserved for us; False when too few are left.

    A thing without a limit always has enough.
    """
    taken = await conn.fetchval(
        """
        UPDATE stock
        SET claimed = claimed + $5
        WHERE shelf = $1
          AND kind = $2
          AND item_id = $3
          AND variant_id = $4
          AND claimed + reserved + $5 <= limit_total
        RETURNING true
        """,
        *msgspec.structs.astuple(units.thing),
        units.quantity,
    )
    return taken is not None or await find_level(conn, units.thing) is None


async def claim_anyway(conn: Connection, units: Units) -> bool:
    """Claim units that are in a pledge already, whatever the limit says.

    Tell whether more is held now than there is: then nothing more can be had.
    """
    is_over = await conn.fetchval(
        """
        UPDATE stock
        SET claimed = claimed + $5,
            ceiling_total = greatest(ceiling_total, claimed + reserved + $5)
        WHERE shelf = $1
          AND kind = $2
          AND item_id = $3
          AND variant_id = $4
        RETURNING claimed + reserved > limit_total
        """,
        *msgspec.structs.astuple(units.thing),
        units.quantity,
    )
    return bool(is_over)


async def find_level(conn: Connection, thing: Thing) -> StockLevel | None:
    row = await conn.fetchrow(
        """
        SELECT limit_total, claimed, reserved
        FROM stock
        WHERE shelf = $1
          AND kind = $2
          AND item_id = $3
          AND variant_id = $4
        """,
        *msgspec.structs.astuple(thing),
    )
    return msgspec.convert(row, StockLevel) if row is not None else None


async def set_limits(conn: Connection, shelf: str, things: list[Limited]) -> None:
    """Give a shelf's things their limits, counting anew what is held of each.

    What an operator set by hand wins over the author. The shelf's door must be locked for
    update: then nobody moves a unit meanwhile.
    """
    await conn.execute(
        """
        WITH limited AS (
            SELECT wanted.shelf, wanted.kind, wanted.item_id, wanted.variant_id,
                   coalesce(by_hand.limit_total, wanted.limit_total) AS limit_total
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[])
                AS wanted (shelf, kind, item_id, variant_id, limit_total)
            LEFT JOIN stock_overrides AS by_hand USING (shelf, kind, item_id, variant_id)
            WHERE coalesce(by_hand.limit_total, wanted.limit_total) IS NOT NULL
        ), gone AS (
            DELETE FROM stock
            WHERE shelf = $6
              AND (kind, item_id, variant_id) NOT IN (
                  SELECT kind, item_id, variant_id
                  FROM limited
              )
        )
        INSERT INTO stock
            (shelf, kind, item_id, variant_id, limit_total, ceiling_total, claimed, reserved)
        SELECT shelf, kind, item_id, variant_id, limit_total,
               greatest(limit_total, coalesce(claimed, 0) + coalesce(reserved, 0)),
               coalesce(claimed, 0),
               coalesce(reserved, 0)
        FROM limited
        LEFT JOIN (
            SELECT shelf, kind, item_id, variant_id,
                   sum(quantity) FILTER (WHERE state = 'claimed') AS claimed,
                   sum(quantity) FILTER (WHERE state = 'reserved') AS reserved
            FROM reservations
            WHERE shelf = $6
              AND state <> 'released'
            GROUP BY shelf, kind, item_id, variant_id
        ) AS held USING (shelf, kind, item_id, variant_id)
        ORDER BY shelf, kind, item_id, variant_id
        ON CONFLICT (shelf, kind, item_id, variant_id) DO UPDATE
        SET limit_total = excluded.limit_total,
            ceiling_total = excluded.ceiling_total,
            claimed = excluded.claimed,
            reserved = excluded.reserved
        """,
        *columns([each.thing for each in things]),
        [each.limit_total for each in things],
        shelf,
    )


async def list_levels(conn: Connection, shelf: str) -> Levels:
    rows = await conn.fetch(
        """
        SELECT shelf, kind, item_id, variant_id, limit_total, claimed, reserved
        FROM stock
        WHERE shelf = $1
        ORDER BY kind, item_id, variant_id
        """,
        shelf,
    )
    levels = Levels(tiers={}, add_ons={})
    for each in decode_rows(rows, Level):
        thing = Thing(
            shelf=each.shelf,
            kind="tier" if each.kind == "tier" else "add_on",
            item_id=each.item_id,
            variant_id=each.variant_id,
        )
        by_name = levels.tiers if thing.kind == "tier" else levels.add_ons
        by_name[thing.name] = StockLevel(
            limit_total=each.limit_total, claimed=each.claimed, reserved=each.reserved
        )
    return levels


async def next_version(conn: Connection, shelf: str) -> int:
    """Return the stock's next version; who comes later waits until we commit."""
    version: int = await conn.fetchval(
        """
        INSERT INTO stock_versions (shelf, version)
        VALUES ($1, 1)
        ON CONFLICT (shelf) DO UPDATE
        SET version = stock_versions.version + 1
        RETURNING version
        """,
        shelf,
    )
    return version


async def find_version(conn: Connection, shelf: str) -> int:
    version = await conn.fetchval("SELECT version FROM stock_versions WHERE shelf = $1", shelf)
    return int(version or 0)
