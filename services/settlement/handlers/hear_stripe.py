"""Keep what Stripe said about money, in an append-only record, and look where it points.

An event is a hint, never the fact: what became of a charge is read back at Stripe.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from contracts.events.checkout import StripeEventReceived
from services.chassis.storage.database import Connection
from services.settlement.handlers.hear_money import ask_to_look
from services.settlement.handlers.pass_bank import watch_person
from services.settlement.queries import stripe_events

INTENT_EVENTS = "payment_intent."
PAID = ("payment_intent.succeeded", "payment_intent.processing")
# What a certificate and an operator need of Stripe's object: who paid, with which card and from
# where is in none of it. S-52.
ABOUT_MONEY = frozenset(
    {
        "id",
        "object",
        "status",
        "amount",
        "amount_received",
        "amount_refunded",
        "currency",
        "created",
        "reason",
        "metadata",
    }
)


async def keep_event(conn: Connection, event: StripeEventReceived) -> None:
    """Keep the event, once. Whose outcome is open is read back now rather than later."""
    await keep_events(conn, [event])


async def keep_events(conn: Connection, events: Sequence[StripeEventReceived]) -> None:
    """Keep many events, each once: rows as arrays.

    A success of a charge that stands as declined is a person's who confirmed it with the
    page's secret after we had stopped waiting: it is read as well.
    """
    news = await stripe_events.insert_events(
        conn, [(without_person(each), payment_intent_of(each)) for each in events]
    )
    new = [each for each in events if each.stripe_event_id in news]
    await ask_to_look(conn, [(each, payment_intent_of(each)) for each in new])
    about = [each for each in new if each.stripe_type.startswith(INTENT_EVENTS)]
    if not about:
        return
    paid = sorted({each.object_id for each in about if each.stripe_type in PAID})
    for charge_id in await stripe_events.list_declined(conn, paid):
        await watch_person(conn, charge_id)
    await stripe_events.look_now(conn, sorted({each.object_id for each in about}))


def payment_intent_of(event: StripeEventReceived) -> str | None:
    """Return the PaymentIntent an event is about: its object, or the one that names."""
    if event.stripe_type.startswith(INTENT_EVENTS):
        return event.object_id
    named: Any = (event.object or {}).get("payment_intent")
    if isinstance(named, dict):
        named = named.get("id")
    return named if isinstance(named, str) else None


def without_person(event: StripeEventReceived) -> StripeEventReceived:
    """Return an event whose object says what happened to money, and not whose it was."""
    told = event.object
    if told is None:
        return event
    kept = {name: value for name, value in told.items() if name in ABOUT_MONEY}
    return msgspec.structs.replace(event, object=kept)
