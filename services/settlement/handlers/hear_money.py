"""What Stripe said about money after a charge makes a look at Stripe due."""

from collections.abc import Sequence
from typing import Any

from contracts.events.checkout import StripeEventReceived
from services.chassis.storage.database import Connection
from services.settlement.domain.money_back import LookKind
from services.settlement.queries import looks


async def ask_to_look(
    conn: Connection, events: Sequence[tuple[StripeEventReceived, str | None]]
) -> None:
    """Have what events are about read back soon. An event itself decides nothing."""
    asked = [
        looks.Wish(kind=subject[0], object_id=subject[1], payment_intent_id=intent_id)
        for event, intent_id in events
        if (subject := subject_of(event)) is not None
    ]
    if asked:
        await looks.ask(conn, asked)


def subject_of(event: StripeEventReceived) -> tuple[LookKind, str] | None:
    """Return what is to be looked at because of an event, None when nothing is.

    A refund is looked at through its payment: one list says all refunds of it, so that a
    dashboard's refund and ours are known by the same reading.
    """
    kind, object_id = event.stripe_type, event.object_id
    if kind == "charge.updated":
        return "charge", object_id
    if kind == "charge.refunded" or kind.startswith("refund."):
        intent = _named(event, "payment_intent")
        return None if intent is None else ("refunds", intent)
    if kind.startswith("charge.dispute."):
        return "dispute", object_id
    if kind.startswith("radar.early_fraud_warning."):
        return "warning", object_id
    return None


def _named(event: StripeEventReceived, name: str) -> str | None:
    value: Any = (event.object or {}).get(name)
    value = value.get("id") if isinstance(value, dict) else value
    return value if isinstance(value, str) else None
