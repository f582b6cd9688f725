"""Keep what Stripe said about money, in an append-only record, and look where it points.

An event is a hint, never the fact: what became of a charge is read back at Stripe.
"""

from typing import Any

from contracts.events.checkout import StripeEventReceived
from services.chassis.database import Connection
from services.settlement.handlers.hear_money import ask_to_look
from services.settlement.handlers.pass_bank import watch_person
from services.settlement.queries import stripe_events

INTENT_EVENTS = "payment_intent."
PAID = ("payment_intent.succeeded", "payment_intent.processing")


async def keep_event(conn: Connection, event: StripeEventReceived) -> None:
    """Keep the event, once. Whose outcome is open is read back now rather than later.

    A success of a charge that stands as declined is a person's who confirmed it with the
    page's secret after we had stopped waiting: it is read as well.
    """
    intent_id = payment_intent_of(event)
    is_new = await stripe_events.insert_event(conn, event, payment_intent_id=intent_id)
    if is_new:
        await ask_to_look(conn, event, intent_id)
    if not is_new or intent_id is None or not event.stripe_type.startswith(INTENT_EVENTS):
        return
    if event.stripe_type in PAID:
        charge_id = await stripe_events.find_declined(conn, intent_id)
        if charge_id is not None:
            await watch_person(conn, charge_id)
    await stripe_events.look_now(conn, intent_id)


def payment_intent_of(event: StripeEventReceived) -> str | None:
    """Return the PaymentIntent an event is about: its object, or the one that names."""
    if event.stripe_type.startswith(INTENT_EVENTS):
        return event.object_id
    named: Any = (event.object or {}).get("payment_intent")
    if isinstance(named, dict):
        named = named.get("id")
    return named if isinstance(named, str) else None
