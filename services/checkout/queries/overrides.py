"""SQL about limits an operator set by hand: they hold until they are reset."""

import msgspec

from services.chassis.storage.database import Connection
from services.checkout.domain.stock import Thing


async def upsert_override(conn: Connection, thing: Thing, limit_total: int) -> None:
    await conn.execute(
        """
        INSERT INTO stock_overrides (shelf, kind, item_id, variant_id, limit_total)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (shelf, kind, item_id, variant_id) DO UPDATE
        SET limit_total = excluded.limit_total
        """,
        *msgspec.structs.astuple(thing),
        limit_total,
    )


async def delete_override(conn: Connection, thing: Thing) -> None:
    await conn.execute(
        """
        DELETE FROM stock_overrides
        WHERE shelf = $1
          AND kind = $2
          AND item_id = $3
          AND variant_id = $4
        """,
        *msgspec.structs.astuple(thing),
    )
