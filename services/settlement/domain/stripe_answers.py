"""What an object or an error of Stripe's means for a charge. Pure: it asks nobody."""

from typing import Any

from services.settlement.domain.charging import (
    AtTheBank,
    Cancelled,
    ConfirmOutcome,
    Declined,
    NotHappened,
    Postponed,
    ReadOutcome,
    Succeeded,
    Unknown,
)

NEEDS_PERSON = ("authentication_required", "authentication_not_handled")
REFUSED = "invalid_request_error"
CARD_PARAMETERS = ("customer", "payment_method", "source")


def outcome_of(intent: Any) -> ReadOutcome:
    """Return what a PaymentIntent that was read says; a status nobody knows is unknown."""
    if intent.status == "succeeded":
        return Succeeded(stripe_charge_id=_id(intent.latest_charge))
    if intent.status == "requires_action":
        return AtTheBank()
    if intent.status == "canceled":
        return Cancelled()
    if intent.status in ("requires_payment_method", "requires_confirmation"):
        error = intent.last_payment_error
        return NotHappened() if error is None else declined(error)
    return Unknown(reason=f"status_{intent.status}")


def confirmed(intent: Any) -> ConfirmOutcome:
    """Return what an answered confirmation came to; what it cannot be is read again."""
    outcome = outcome_of(intent)
    if isinstance(outcome, AtTheBank):
        # Off-session nobody is there to answer the bank: that is its way to say no.
        return Declined(code="authentication_required", needs_authentication=True)
    if isinstance(outcome, NotHappened | Cancelled):
        return Unknown(reason=f"confirmed_but_{intent.status}")
    return outcome


def declined(error: Any) -> Declined:
    """Return a decline with every code that Stripe and the network give for it."""
    code, decline_code = _text(error, "code"), _text(error, "decline_code")
    return Declined(
        code=code or decline_code or "card_declined",
        decline_code=decline_code,
        advice_code=_text(error, "advice_code"),
        network_decline_code=_text(error, "network_decline_code"),
        network_advice_code=_text(error, "network_advice_code"),
        error_type=_text(error, "type"),
        needs_authentication=code in NEEDS_PERSON or decline_code in NEEDS_PERSON,
        stripe_charge_id=_id(getattr(error, "charge", None)),
    )


def refused_request(code: str, param: str) -> ConfirmOutcome:
    """Tell apart: the state says no (read it), the card or sum is no good, or our fault."""
    if code == "payment_intent_unexpected_state":
        return Unknown(reason=code, is_key_spent=True)
    if code.startswith("amount_too_"):
        return Declined(code=code, error_type=REFUSED)
    if param in CARD_PARAMETERS or code.startswith("payment_method_"):
        return Declined(code=code or "card_unusable", error_type=REFUSED)
    return Postponed(reason=f"refused:{code or param or 'invalid_request'}", is_key_spent=True)


def _text(error: Any, name: str) -> str:
    return str(getattr(error, name, None) or "")


def _id(value: Any) -> str:
    """Return the id of something that may have come expanded."""
    return value if isinstance(value, str) else str(getattr(value, "id", "") or "")
