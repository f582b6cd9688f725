"""SQL about customers at Stripe: one per supporter, the row before the call."""

import msgspec

from contracts.ids import SupporterId
from services.chassis.database import Connection


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A supporter's customer at Stripe, or the attempt at making one."""

    customer_id: str | None = None
    attempt: int = 1


async def ensure_customer(conn: Connection, supporter_id: SupporterId, email: str) -> Customer:
    """Record that a supporter is to have a customer at Stripe; return what is known of it."""
    row = await conn.fetchrow(
        """
        INSERT INTO stripe_customers AS known (supporter_id, email)
        VALUES ($1, $2)
        ON CONFLICT (supporter_id) DO UPDATE
        SET attempt = known.attempt
        RETURNING customer_id, attempt
        """,
        supporter_id,
        email,
    )
    return msgspec.convert(row, Customer)


async def next_attempt(conn: Connection, supporter_id: SupporterId, failed: int) -> None:
    """Give up an attempt's key, once, however many requests saw it fail."""
    await conn.execute(
        """
        UPDATE stripe_customers
        SET attempt = attempt + 1
        WHERE supporter_id = $1
          AND attempt = $2
        """,
        supporter_id,
        failed,
    )


async def record_customer(
    conn: Connection, supporter_id: SupporterId, email: str, customer_id: str
) -> str:
    """Record the supporter's customer, unless there is one; return the one there is."""
    kept: str = await conn.fetchval(
        """
        INSERT INTO stripe_customers (supporter_id, email, customer_id)
        VALUES ($1, $2, $3)
        ON CONFLICT (supporter_id) DO UPDATE
        SET customer_id = coalesce(stripe_customers.customer_id, excluded.customer_id)
        RETURNING customer_id
        """,
        supporter_id,
        email,
        customer_id,
    )
    return kept


async def forget_customer(conn: Connection, customer_id: str) -> None:
    """Note that Stripe has no such customer any more: the next one gets a key of its own."""
    await conn.execute(
        """
        UPDATE stripe_customers
        SET customer_id = NULL,
            attempt = attempt + 1
        WHERE customer_id = $1
        """,
        customer_id,
    )
