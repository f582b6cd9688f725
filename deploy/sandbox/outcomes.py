"""What the bank says: pure rules from a card and the circumstances to an outcome."""

from dataclasses import dataclass

from deploy.sandbox.cards import Card


@dataclass(frozen=True)
class Approved:
    pass


@dataclass(frozen=True)
class NeedsPerson:
    """The bank wants 3-D Secure and the person is there to pass it."""


@dataclass(frozen=True)
class Declined:
    code: str
    decline_code: str | None
    advice_code: str | None
    message: str
    # The charge that failed is kept, except where no charge was tried.
    leaves_charge: bool = True
    is_blocked: bool = False


Outcome = Approved | NeedsPerson | Declined

# These are codes of their own; every other decline code comes under `card_declined`.
_OWN_CODES = frozenset(
    {
        "expired_card",
        "incorrect_cvc",
        "incorrect_number",
        "processing_error",
        "invalid_cvc",
        "invalid_expiry_month",
        "invalid_expiry_year",
        "authentication_required",
    }
)

_MESSAGES = {
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "card_not_supported": "Your card does not support this type of purchase.",
    "card_velocity_exceeded": "Your card was declined for making repeated attempts too frequently"
    " or exceeding its amount limit.",
    "currency_not_supported": "Your card does not support the currency.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "incorrect_number": "Your card number is incorrect.",
    "insufficient_funds": "Your card has insufficient funds.",
    "invalid_cvc": "Your card's security code is invalid.",
    "invalid_expiry_month": "Your card's expiration month is invalid.",
    "invalid_expiry_year": "Your card's expiration year is invalid.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "test_mode_live_card": "Your card was declined. Your request was in test mode, but used a non"
    " test card. For a list of valid test cards, visit: https://stripe.com/docs/testing.",
}

_ADVICE = {
    "do_not_try_again": frozenset(
        {
            "lost_card",
            "stolen_card",
            "pickup_card",
            "restricted_card",
            "security_violation",
            "fraudulent",
            "merchant_blacklist",
            "stop_payment_order",
            "revocation_of_authorization",
            "revocation_of_all_authorizations",
            "previously_declined_do_not_retry",
            "invalid_account",
            "card_not_supported",
            "transaction_not_allowed",
        }
    ),
    "confirm_card_data": frozenset(
        {
            "expired_card",
            "incorrect_cvc",
            "incorrect_number",
            "invalid_cvc",
            "new_account_information_available",
        }
    ),
    "try_again_later": frozenset(
        {
            "insufficient_funds",
            "generic_decline",
            "do_not_honor",
            "card_velocity_exceeded",
            "withdrawal_count_limit_exceeded",
            "issuer_not_available",
            "processing_error",
            "reenter_transaction",
            "try_again_later",
            "call_issuer",
            "no_action_taken",
        }
    ),
}

# Every decline code Stripe publishes, as the `decline` fault accepts them.
DECLINE_CODES = frozenset(
    {
        "approve_with_id",
        "authentication_not_handled",
        "authentication_required",
        "card_not_supported",
        "currency_not_supported",
        "duplicate_transaction",
        "incorrect_address",
        "incorrect_pin",
        "incorrect_zip",
        "invalid_amount",
        "invalid_expiry_month",
        "invalid_expiry_year",
        "invalid_number",
        "invalid_pin",
        "live_mode_test_card",
        "mobile_device_authentication_required",
        "not_permitted",
        "offline_pin_required",
        "online_or_offline_pin_required",
        "pin_try_exceeded",
        "service_not_allowed",
        "test_mode_decline",
        "test_mode_live_card",
    }
).union(*_ADVICE.values())


def declined(decline_code: str, *, is_blocked: bool = False) -> Declined:
    """Return the refusal Stripe makes of one decline code."""
    advice = next((name for name, codes in _ADVICE.items() if decline_code in codes), None)
    return Declined(
        code=decline_code if decline_code in _OWN_CODES else "card_declined",
        decline_code=None if decline_code in ("incorrect_number", "invalid_cvc") else decline_code,
        advice_code=advice,
        message=_MESSAGES.get(decline_code, "Your card was declined."),
        leaves_charge=decline_code != "authentication_required",
        is_blocked=is_blocked,
    )


def of_saving(card: Card, *, is_authenticated: bool) -> Outcome:
    """Return what happens when the person, who is there, saves this card for later."""
    if card.save:
        return declined(card.save)
    if card.authentication != "never" and not is_authenticated:
        return NeedsPerson()
    return Approved()


def of_charging(
    card: Card,
    *,
    is_set_up: bool,
    is_off_session: bool,
    is_authenticated: bool,
    forced_decline: str = "",
) -> Outcome:
    """Return what happens to a charge. `forced_decline` is what the faults say of this card."""
    if forced_decline and forced_decline != "authentication_required":
        return declined(forced_decline)
    if not is_authenticated:
        wants_person = bool(forced_decline) or _wants_person(card, is_set_up, is_off_session)
        if wants_person and is_off_session:
            return declined("authentication_required")
        if wants_person:
            return NeedsPerson()
    if card.charge:
        return declined(card.charge, is_blocked=card.is_blocked)
    return Approved()


def _wants_person(card: Card, is_set_up: bool, is_off_session: bool) -> bool:
    if card.authentication == "always":
        return True
    if not is_off_session:
        return card.authentication != "never"
    return card.authentication == "unless_set_up" and not is_set_up and not card.charge
