"""SQL of customers that are to be deleted at Stripe: of who asked to be forgotten, or left."""

from datetime import timedelta

from contracts.ids import SupporterId
from services.chassis.storage.database import Connection

BACK_OFF_SECONDS_MAX = 6 * 3600
AFTER_A_CHARGE = timedelta(days=180)
"""Card schemes let a payment be disputed for 120 days; the rest is for the dispute itself."""

NEEDED = """
    EXISTS (
        SELECT 1
        FROM cards
        JOIN card_uses USING (payment_method_id)
        WHERE cards.customer_id = queued.customer_id
          AND card_uses.ended_as IS NULL
    ) OR EXISTS (
        SELECT 1
        FROM orders
        WHERE orders.supporter_id = queued.supporter_id
          AND orders.status IN ('opening', 'open')
    ) OR EXISTS (
        SELECT 1
        FROM card_updates
        WHERE card_updates.supporter_id = queued.supporter_id
          AND card_updates.status IN ('opening', 'open')
    )
"""

NOTHING_LEFT = """
    NOT EXISTS (
        SELECT 1 FROM orders WHERE orders.supporter_id = stripe_customers.supporter_id
    ) AND NOT EXISTS (
        SELECT 1 FROM cards WHERE cards.supporter_id = stripe_customers.supporter_id
    ) AND NOT EXISTS (
        SELECT 1
        FROM card_updates
        WHERE card_updates.supporter_id = stripe_customers.supporter_id
    )
"""


async def queue_customers(conn: Connection, supporter: SupporterId) -> None:
    """Queue a supporter's customers and let go of them: whoever comes again gets another.

    Nothing happens while a pledge of theirs still waits to be erased.
    """
    await conn.execute(
        """
        WITH own AS (
            SELECT customer_id FROM stripe_customers WHERE supporter_id = $1
            UNION
            SELECT customer_id FROM cards WHERE supporter_id = $1
        ), free AS (
            SELECT NOT EXISTS (
                SELECT 1 FROM card_uses WHERE supporter_id = $1 AND ended_as IS NULL
            ) AS is_free
        ), queued AS (
            INSERT INTO customer_deletions (customer_id, supporter_id, wait_until)
            SELECT customer_id, $1, platform.now() + CASE
                WHEN EXISTS (
                    SELECT 1 FROM card_uses WHERE supporter_id = $1 AND ended_as = 'charged'
                ) THEN $2::interval
                ELSE interval '0'
            END
            FROM own, free
            WHERE customer_id <> '' AND is_free
            ON CONFLICT DO NOTHING
        )
        UPDATE stripe_customers
        SET email = '',
            customer_id = NULL,
            attempt = attempt + 1
        FROM free
        WHERE supporter_id = $1
          AND is_free
          AND (email <> '' OR customer_id IS NOT NULL)
        """,
        supporter,
        AFTER_A_CHARGE,
    )


async def queue_strangers(conn: Connection, *, limit: int) -> int:
    """Queue customers of people of whom nothing is left: no order, no card. Return how many.

    They began an order and never pledged, and the order forgot them (S-52). The row is held
    before orders are looked at: an order waits for it (`ensure_customer`), or is seen.
    """
    held = await conn.fetch(
        f"""
        SELECT supporter_id
        FROM stripe_customers
        WHERE email <> ''
          AND {NOTHING_LEFT}
        ORDER BY supporter_id
        LIMIT $1
        FOR UPDATE SKIP LOCKED
        """,  # noqa: S608
        limit,
    )
    status = await conn.execute(
        f"""
        WITH strangers AS (
            SELECT supporter_id, customer_id
            FROM stripe_customers
            WHERE supporter_id = ANY($1)
              AND {NOTHING_LEFT}
        ), queued AS (
            INSERT INTO customer_deletions (customer_id, supporter_id, wait_until)
            SELECT customer_id, supporter_id, platform.now()
            FROM strangers
            WHERE customer_id IS NOT NULL
            ON CONFLICT DO NOTHING
        )
        UPDATE stripe_customers
        SET email = '',
            customer_id = NULL,
            attempt = attempt + 1
        FROM strangers
        WHERE stripe_customers.supporter_id = strangers.supporter_id
        """,  # noqa: S608
        [row["supporter_id"] for row in held],
    )
    return int(status.split()[-1])


async def take_due(conn: Connection, limit: int) -> list[str]:
    """Take customers whose time has come and whom nothing needs, and set the next try."""
    rows = await conn.fetch(
        f"""
        UPDATE customer_deletions
        SET attempts = attempts + 1,
            due_at = clock_timestamp()
                + least(60 * 2 ^ least(attempts, 20), $2::integer) * interval '1 second'
        WHERE customer_id IN (
            SELECT customer_id
            FROM customer_deletions AS queued
            WHERE deleted_at IS NULL
              AND due_at <= clock_timestamp()
              AND wait_until <= platform.now()
              AND NOT ({NEEDED})
            ORDER BY due_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING customer_id
        """,  # noqa: S608
        limit,
        BACK_OFF_SECONDS_MAX,
    )
    return [row["customer_id"] for row in rows]


async def mark_deleted(conn: Connection, customer_id: str) -> None:
    """Note that a customer is gone from Stripe, whoever deleted them."""
    await conn.execute(
        """
        UPDATE customer_deletions
        SET deleted_at = clock_timestamp(),
            error = NULL
        WHERE customer_id = $1
          AND deleted_at IS NULL
        """,
        customer_id,
    )


async def note_error(conn: Connection, customer_id: str, error: str) -> None:
    """Note why a customer could not be deleted; `take_due` has set the next try."""
    await conn.execute(
        "UPDATE customer_deletions SET error = $2 WHERE customer_id = $1", customer_id, error
    )


async def count_overdue(conn: Connection) -> int:
    """Return how many customers could be deleted by now and are not."""
    return int(
        await conn.fetchval(
            """
            SELECT count(*)
            FROM customer_deletions
            WHERE deleted_at IS NULL
              AND wait_until <= platform.now()
            """
        )
    )
