"""What Stripe said about money after a charge makes a look at Stripe due."""

from typing import Any

from contracts.events.checkout import StripeEventReceived
from services.chassis.database import Connection
from services.settlement.money_back import LookKind
from services.settlement.queries import looks


async def ask_to_look(
    conn: Connection, event: StripeEventReceived, payment_intent_id: str | None
) -> None:
    """Have what an event is about read back soon. The event itself decides nothing."""
    subject = subject_of(event)
    if subject is not None:
        kind, object_id = subject
        await looks.ask(conn, kind, object_id, payment_intent_id)


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
