"""SQL about customers at Stripe: one per supporter, the row before the call."""

from collections.abc import Mapping

import msgspec

from contracts.ids import SupporterId
from services.chassis.storage.database import Connection


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


async def record_customers(
    conn: Connection, made: Mapping[SupporterId, tuple[str, str]]
) -> dict[SupporterId, str]:
    """Record supporters' customers unless there are any; return those there are.

    `made` has each supporter's e-mail and the id at Stripe.
    """
    in_order = sorted(made)
    rows = await conn.fetch(
        """
        INSERT INTO stripe_customers AS known (supporter_id, email, customer_id)
        SELECT *
        FROM unnest($1::text[], $2::text[], $3::text[])
        ON CONFLICT (supporter_id) DO UPDATE
        SET customer_id = coalesce(known.customer_id, excluded.customer_id)
        RETURNING supporter_id, customer_id
        """,
        in_order,
        [made[each][0] for each in in_order],
        [made[each][1] for each in in_order],
    )
    return {row["supporter_id"]: row["customer_id"] for row in rows}


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
