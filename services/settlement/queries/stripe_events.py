"""SQL about what Stripe said: appended once, never changed."""

from contracts.events.checkout import StripeEventReceived
from contracts.ids import ChargeId
from services.chassis.database import Connection


async def insert_event(
    conn: Connection, event: StripeEventReceived, *, payment_intent_id: str | None
) -> bool:
    """Keep an event; False when it was kept before, whatever brought it again."""
    inserted = await conn.fetchval(
        """
        INSERT INTO stripe_events
            (stripe_event_id, stripe_type, object_id, payment_intent_id, created_at, object)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING
        RETURNING stripe_event_id
        """,
        event.stripe_event_id,
        event.stripe_type,
        event.object_id,
        payment_intent_id,
        event.created_at,
        event.object,
    )
    return inserted is not None


async def look_now(conn: Connection, payment_intent_id: str) -> None:
    """Let the janitor read a charge back at once, if its outcome is open."""
    await conn.execute(
        """
        UPDATE charges
        SET due_at = least(due_at, clock_timestamp())
        WHERE payment_intent_id = $1
          AND status IN ('unknown', 'with_person')
        """,
        payment_intent_id,
    )


async def find_declined(conn: Connection, payment_intent_id: str) -> ChargeId | None:
    """Return the charge of a PaymentIntent, if it stands as declined."""
    charge_id: ChargeId | None = await conn.fetchval(
        "SELECT charge_id FROM charges WHERE payment_intent_id = $1 AND status = 'declined'",
        payment_intent_id,
    )
    return charge_id
