"""SQL about orders of the past: those nobody needs to know the person of, those a restore lost."""

from datetime import datetime, timedelta

from services.chassis.storage.database import Connection
from services.checkout.queries.forgetting import WITHOUT_ANSWERS

# Nothing came of it; counted from when it was begun. S-52.
KEPT_WITHOUT_PLEDGE = timedelta(days=90)
# Counted from the last deadline of the order's campaigns, like the ledger's own. ADR 28.
ADDRESS_KEPT = timedelta(days=730)


async def forget_intents(conn: Connection, *, limit: int) -> int:
    """Take the person out of a portion of old orders that became no pledge; return how many."""
    status = await conn.execute(
        f"""
        UPDATE orders
        SET email = NULL,
            supporter_id = NULL,
            shipping_address = NULL,
            attribution = NULL,
            pledges = {WITHOUT_ANSWERS},
            forgotten_at = platform.now()
        WHERE order_id IN (
            SELECT order_id
            FROM orders
            WHERE status IN ('expired', 'abandoned', 'too_late')
              AND forgotten_at IS NULL
              AND created_at < platform.now() - $2::interval
            ORDER BY created_at, order_id
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        """,  # noqa: S608
        limit,
        KEPT_WITHOUT_PLEDGE,
    )
    return int(status.split()[-1])


async def forget_addresses(conn: Connection, *, limit: int) -> int:
    """Take the postal address off a portion of orders whose campaigns ended long ago.

    Late support is ordered after the deadline: its time counts from the order.
    """
    status = await conn.execute(
        """
        UPDATE orders
        SET shipping_address = NULL
        WHERE order_id IN (
            SELECT order_id
            FROM orders
            WHERE status = 'persisted'
              AND shipping_address IS NOT NULL
              AND created_at < platform.now() - $2::interval
              AND NOT EXISTS (
                  SELECT 1
                  FROM order_campaigns
                  JOIN campaigns ON campaigns.slug = order_campaigns.campaign
                  WHERE order_campaigns.order_id = orders.order_id
                    AND campaigns.deadline_at >= platform.now() - $2::interval
              )
            ORDER BY order_id
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        """,
        limit,
        ADDRESS_KEPT,
    )
    return int(status.split()[-1])


async def lost_since(conn: Connection) -> datetime | None:
    """Return since when we may have lost orders to a restore; None while nothing is restored."""
    since: datetime | None = await conn.fetchval(
        """
        SELECT backed_up_at - interval '1 day'
        FROM platform.recovery
        WHERE ended_at IS NULL
        """
    )
    return since
