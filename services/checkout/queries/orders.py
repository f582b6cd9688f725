"""SQL about orders: recorded once, moved forward only, found again when nobody answers."""

from collections.abc import Mapping, Sequence

import msgspec

from contracts.ids import CampaignSlug, OrderId
from services.chassis.storage.database import Connection, decode_rows
from services.checkout.domain.orders import Order, Status
from services.checkout.domain.stock import Units
from services.checkout.queries.reservations import unit_columns

OPEN_SECONDS = 120
LOOK_AGAIN_SECONDS = 60


async def insert_order(
    conn: Connection, order: Order, units: list[Units], *, idempotency_hash: str | None
) -> bool:
    """Record an intention, its campaigns and units; False when another order has its key."""
    inserted = await conn.fetchval(
        """
        WITH made AS (
            INSERT INTO orders
                (order_id, status, idempotency_hash, request_hash, supporter_id, email, language,
                 ui_mode, pledges, total_cents, shipping_address, attribution, consent,
                 page, created_at, look_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                    clock_timestamp() + interval '1 minute')
            ON CONFLICT (idempotency_hash) DO NOTHING
            RETURNING order_id
        ), made_shares AS (
            INSERT INTO order_campaigns (order_id, campaign)
            SELECT order_id, unnest($16::text[])
            FROM made
        ), made_reservations AS (
            INSERT INTO reservations
                (order_id, campaign, shelf, kind, item_id, variant_id, quantity)
            SELECT order_id, campaign, shelf, kind, item_id, variant_id, quantity
            FROM made, unnest(
                $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::int[]
            ) AS units (shelf, kind, item_id, variant_id, campaign, quantity)
        )
        SELECT order_id
        FROM made
        """,
        order.order_id,
        order.status,
        idempotency_hash,
        order.request_hash,
        order.supporter_id,
        order.email,
        order.language,
        order.ui_mode,
        order.pledges,
        sum(pledge.price.total_cents for pledge in order.pledges),
        order.shipping_address,
        order.attribution,
        order.consent,
        order.page,
        order.created_at,
        [pledge.campaign for pledge in order.pledges],
        *unit_columns(units),
    )
    return inserted is not None


async def find_order(conn: Connection, order_id: OrderId) -> Order | None:
    row = await conn.fetchrow(
        """
        SELECT order_id, status, request_hash, supporter_id, email, language, ui_mode, pledges,
               shipping_address, attribution, consent, page, session_id, created_at,
               completed_at
        FROM orders
        WHERE order_id = $1
        """,
        order_id,
    )
    return msgspec.convert(row, Order) if row is not None else None


async def lock_order(conn: Connection, order_id: OrderId) -> Order | None:
    locked = await lock_orders(conn, [order_id])
    return locked[0] if locked else None


async def lock_orders(conn: Connection, order_ids: Sequence[OrderId]) -> list[Order]:
    """Lock those of the orders that there are, in the order of their ids."""
    rows = await conn.fetch(
        """
        SELECT order_id, status, request_hash, supporter_id, email, language, ui_mode, pledges,
               shipping_address, attribution, consent, page, session_id, created_at,
               completed_at
        FROM orders
        WHERE order_id = ANY($1)
        ORDER BY order_id
        FOR UPDATE
        """,
        order_ids,
    )
    return decode_rows(rows, Order)


async def lock_statuses(conn: Connection, order_ids: Sequence[OrderId]) -> dict[OrderId, Status]:
    """Lock those of the orders that there are, in the order of their ids; return how they stand."""
    rows = await conn.fetch(
        """
        SELECT order_id, status
        FROM orders
        WHERE order_id = ANY($1)
        ORDER BY order_id
        FOR UPDATE
        """,
        order_ids,
    )
    return {row["order_id"]: row["status"] for row in rows}


async def list_sessions(
    conn: Connection, order_ids: Sequence[OrderId]
) -> dict[OrderId, tuple[Status, str | None]]:
    """Return how orders stand and which session each has."""
    rows = await conn.fetch(
        "SELECT order_id, status, session_id FROM orders WHERE order_id = ANY($1)", order_ids
    )
    return {row["order_id"]: (row["status"], row["session_id"]) for row in rows}


async def find_by_key(conn: Connection, idempotency_hash: str) -> OrderId | None:
    order_id = await conn.fetchval(
        "SELECT order_id FROM orders WHERE idempotency_hash = $1", idempotency_hash
    )
    return OrderId(order_id) if order_id is not None else None


async def find_by_session(conn: Connection, session_id: str) -> OrderId | None:
    order_id = await conn.fetchval("SELECT order_id FROM orders WHERE session_id = $1", session_id)
    return OrderId(order_id) if order_id is not None else None


async def is_left(conn: Connection, order_id: OrderId, seconds: float) -> bool:
    """Tell whether an order has been opening for longer than anybody would work on it."""
    return bool(
        await conn.fetchval(
            """
            SELECT status = 'opening'
               AND started_at < clock_timestamp() - make_interval(secs => $2)
            FROM orders
            WHERE order_id = $1
            """,
            order_id,
            seconds,
        )
    )


async def forget_key(conn: Connection, order_id: OrderId) -> None:
    """Let the key of an order that never opened start another one."""
    await conn.execute(
        """
        UPDATE orders
        SET idempotency_hash = NULL
        WHERE order_id = $1
          AND status = 'abandoned'
          AND session_id IS NULL
        """,
        order_id,
    )


async def mark_open(conn: Connection, order_id: OrderId, session_id: str) -> bool:
    """Record the session; False when the order was given up meanwhile."""
    opened = await conn.fetchval(
        """
        UPDATE orders
        SET status = 'open',
            session_id = $2,
            look_at = clock_timestamp() + make_interval(secs => $3)
        WHERE order_id = $1
          AND status = 'opening'
        RETURNING order_id
        """,
        order_id,
        session_id,
        OPEN_SECONDS,
    )
    return opened is not None


async def mark_statuses(conn: Connection, statuses: Mapping[OrderId, Status]) -> None:
    if not statuses:
        return
    await conn.execute(
        """
        UPDATE orders AS o
        SET status = told.status
        FROM unnest($1::text[], $2::text[]) AS told (order_id, status)
        WHERE o.order_id = told.order_id
        """,
        list(statuses),
        list(statuses.values()),
    )


async def mark_completed(conn: Connection, decided: Sequence[Order]) -> None:
    """Record how orders with a saved card were decided, and what the card step told of them."""
    await conn.execute(
        """
        UPDATE orders AS o
        SET status = decided.status,
            session_id = decided.session_id,
            completed_at = decided.completed_at,
            supporter_id = decided.supporter_id,
            email = decided.email,
            shipping_address = decided.shipping_address
        FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[],
                    $6::text[], $7::jsonb[])
            AS decided (order_id, status, session_id, completed_at, supporter_id, email,
                        shipping_address)
        WHERE o.order_id = decided.order_id
        """,
        [each.order_id for each in decided],
        [each.status for each in decided],
        [each.session_id for each in decided],
        [each.completed_at for each in decided],
        [each.supporter_id for each in decided],
        [each.email for each in decided],
        [each.shipping_address for each in decided],
    )


async def take_due_orders(conn: Connection, limit: int) -> list[tuple[OrderId, Status]]:
    """Return undecided orders nobody looked at for a while, and look again in a minute."""
    rows = await conn.fetch(
        """
        UPDATE orders
        SET look_at = clock_timestamp() + make_interval(secs => $2)
        WHERE order_id IN (
            SELECT order_id
            FROM orders
            WHERE status IN ('opening', 'open')
              AND look_at <= clock_timestamp()
            ORDER BY look_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING order_id, status
        """,
        limit,
        LOOK_AGAIN_SECONDS,
    )
    return [(row["order_id"], row["status"]) for row in rows]


async def list_undecided(
    conn: Connection, campaign: CampaignSlug, limit: int
) -> list[tuple[OrderId, Status]]:
    rows = await conn.fetch(
        """
        SELECT order_id, status
        FROM orders
        JOIN order_campaigns USING (order_id)
        WHERE campaign = $1
          AND status IN ('opening', 'open')
        ORDER BY order_id
        LIMIT $2
        """,
        campaign,
        limit,
    )
    return [(row["order_id"], row["status"]) for row in rows]


async def count_by_status(conn: Connection) -> dict[str, int]:
    rows = await conn.fetch("SELECT status, count(*) AS orders FROM orders GROUP BY status")
    return {row["status"]: row["orders"] for row in rows}


async def oldest_undecided_seconds(conn: Connection) -> float:
    seconds = await conn.fetchval(
        """
        SELECT extract(epoch FROM clock_timestamp() - min(started_at))
        FROM orders
        WHERE status IN ('opening', 'open')
        """
    )
    return float(seconds or 0)
