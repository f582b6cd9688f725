"""SQL about what Stripe said: appended once, never changed."""

from collections.abc import Sequence

from contracts.events.checkout import StripeEventReceived
from contracts.ids import ChargeId
from services.chassis.storage.database import Connection


async def insert_events(
    conn: Connection, events: Sequence[tuple[StripeEventReceived, str | None]]
) -> set[str]:
    """Keep events, each with the PaymentIntent it names; return the ids of the new ones.

    What was kept before is not new, whatever brought it again.
    """
    rows = await conn.fetch(
        """
        INSERT INTO stripe_events
            (stripe_event_id, stripe_type, object_id, payment_intent_id, created_at, object)
        SELECT *
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
                    $6::jsonb[])
            AS told (stripe_event_id, stripe_type, object_id, payment_intent_id, created_at,
                     object)
        ORDER BY stripe_event_id
        ON CONFLICT DO NOTHING
        RETURNING stripe_event_id
        """,
        [event.stripe_event_id for event, _ in events],
        [event.stripe_type for event, _ in events],
        [event.object_id for event, _ in events],
        [intent_id for _, intent_id in events],
        [event.created_at for event, _ in events],
        [event.object for event, _ in events],
    )
    return {row["stripe_event_id"] for row in rows}


async def look_now(conn: Connection, payment_intent_ids: Sequence[str]) -> None:
    """Let the janitor read charges back at once, those whose outcome is open."""
    await conn.execute(
        """
        UPDATE charges
        SET due_at = least(due_at, clock_timestamp())
        WHERE charge_id IN (
            SELECT charge_id
            FROM charges
            WHERE payment_intent_id = ANY($1)
              AND status IN ('unknown', 'with_person')
            ORDER BY charge_id
            FOR UPDATE
        )
        """,
        payment_intent_ids,
    )


async def list_declined(conn: Connection, payment_intent_ids: Sequence[str]) -> list[ChargeId]:
    """Return the charges of these PaymentIntents that stand as declined, in order."""
    rows = await conn.fetch(
        """
        SELECT charge_id
        FROM charges
        WHERE payment_intent_id = ANY($1)
          AND status = 'declined'
        ORDER BY charge_id
        """,
        payment_intent_ids,
    )
    return [row["charge_id"] for row in rows]
