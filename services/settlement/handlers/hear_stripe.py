"""Keep what Stripe said about money, in an append-only record, and look where it points.

An event is a hint, never the fact: what became of a charge is read back at Stripe.
"""

from typing import Any

from contracts.events.checkout import StripeEventReceived
from services.chassis.database import Connection
from services.settlement.queries import stripe_events

INTENT_EVENTS = "payment_intent."


async def keep_event(conn: Connection, event: StripeEventReceived) -> None:
    """Keep the event, once. Whose outcome is unknown is read back now rather than later."""
    intent_id = payment_intent_of(event)
    is_new = await stripe_events.insert_event(conn, event, payment_intent_id=intent_id)
    if is_new and intent_id is not None and event.stripe_type.startswith(INTENT_EVENTS):
        await stripe_events.look_now(conn, intent_id)


def payment_intent_of(event: StripeEventReceived) -> str | None:
    """Return the PaymentIntent an event is about: its object, or the one that names."""
    if event.stripe_type.startswith(INTENT_EVENTS):
        return event.object_id
    named: Any = (event.object or {}).get("payment_intent")
    if isinstance(named, dict):
        named = named.get("id")
    return named if isinstance(named, str) else None
