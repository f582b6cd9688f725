"""The published test cards: what each one does when it is saved, and when it is charged later."""

import hashlib
from dataclasses import dataclass
from typing import Literal

Authentication = Literal["never", "unless_set_up", "on_session_only", "always"]


@dataclass(frozen=True, kw_only=True)
class Card:
    """One row of Stripe's table of test cards.

    `save` and `charge` are decline codes; empty means it works. A card that fails to be saved
    cannot be attached to a customer, so it never comes to a charge.
    """

    key: str
    number: str
    does: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    save: str = ""
    charge: str = ""
    # Whether the bank wants to see the person: `unless_set_up` is satisfied by saving the card
    # for later use, `on_session_only` counts as saved from the start, `always` is never satisfied.
    authentication: Authentication = "never"
    # Stripe's own risk engine refuses the charge; the bank is not asked.
    is_blocked: bool = False
    # What a refund does some time after it was made: "", "succeeds" or "fails".
    refund: str = ""
    # What the bank does to a charge a moment later: the reason of a dispute, "inquiry", "warning".
    dispute: str = ""
    magic_id: str = ""

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"sandbox:{self.number}".encode()).hexdigest()[:16]


def _works(
    key: str,
    number: str,
    does: str,
    *,
    brand: str = "visa",
    funding: str = "credit",
    country: str = "US",
) -> Card:
    # Only the first card of a brand has an id of its own in Stripe's table.
    magic_id = "" if key[-2:] in ("_2", "_3") else f"pm_card_{key}"
    return Card(
        key=key,
        number=number,
        does=does,
        brand=brand,
        funding=funding,
        country=country,
        magic_id=magic_id,
    )


def _unsavable(code: str, number: str, does: str, magic_id: str = "") -> Card:
    return Card(key=code, number=number, does=does, save=code, charge=code, magic_id=magic_id)


CARDS = (
    _works("visa", "4242424242424242", "Visa. Works."),
    _works("visa_debit", "4000056655665556", "Visa debit. Works.", funding="debit"),
    _works("mastercard", "5555555555554444", "Mastercard. Works.", brand="mastercard"),
    _works("mastercard_2", "2223003122003222", "Mastercard, 2-series. Works.", brand="mastercard"),
    _works(
        "mastercard_debit",
        "5200828282828210",
        "Mastercard debit. Works.",
        brand="mastercard",
        funding="debit",
    ),
    _works(
        "mastercard_prepaid",
        "5105105105105100",
        "Mastercard prepaid. Works.",
        brand="mastercard",
        funding="prepaid",
    ),
    _works("amex", "378282246310005", "American Express. Works.", brand="amex"),
    _works("amex_2", "371449635398431", "American Express. Works.", brand="amex"),
    _works("discover", "6011111111111117", "Discover. Works.", brand="discover"),
    _works("discover_2", "6011000990139424", "Discover. Works.", brand="discover"),
    _works(
        "discover_debit",
        "6011981111111113",
        "Discover debit. Works.",
        brand="discover",
        funding="debit",
    ),
    _works("diners", "3056930009020004", "Diners Club. Works.", brand="diners"),
    _works("diners_2", "36227206271667", "Diners Club, 14 digits. Works.", brand="diners"),
    _works("jcb", "3566002020360505", "JCB. Works.", brand="jcb", country="JP"),
    _works("unionpay", "6200000000000005", "UnionPay. Works.", brand="unionpay", country="CN"),
    _works("mx", "4000004840008001", "Visa from Mexico. Works.", country="MX"),
    _works("es", "4000007240000007", "Visa from Spain. Works.", country="ES"),
    _works("gb", "4000008260000000", "Visa from the United Kingdom. Works.", country="GB"),
    Card(
        key="charge_customer_fail",
        number="4000000000000341",
        does="Is saved; every charge is declined.",
        charge="generic_decline",
        magic_id="pm_card_chargeCustomerFail",
    ),
    _unsavable(
        "generic_decline",
        "4000000000000002",
        "Declined when it is saved.",
        "pm_card_visa_chargeDeclined",
    ),
    _unsavable(
        "insufficient_funds",
        "4000000000009995",
        "Insufficient funds when it is saved.",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
    ),
    _unsavable("lost_card", "4000000000009987", "Lost card, when it is saved."),
    _unsavable("stolen_card", "4000000000009979", "Stolen card, when it is saved."),
    _unsavable("expired_card", "4000000000000069", "Expired card, when it is saved."),
    _unsavable("incorrect_cvc", "4000000000000127", "Wrong security code, when it is saved."),
    _unsavable("processing_error", "4000000000000119", "Processing error, when it is saved."),
    _unsavable("card_velocity_exceeded", "4000000000006975", "Over its limit, when it is saved."),
    Card(
        key="authentication_required_on_setup",
        number="4000002500003155",
        does="3-D Secure when it is saved; later charges need none.",
        country="FR",
        authentication="unless_set_up",
        magic_id="pm_card_authenticationRequiredOnSetup",
    ),
    Card(
        key="authentication_required",
        number="4000002760003184",
        does="3-D Secure on every charge, however it was saved.",
        country="DE",
        authentication="always",
        magic_id="pm_card_authenticationRequired",
    ),
    Card(
        key="authentication_set_up",
        number="4000003800000446",
        does="Already set up: later charges succeed; with the person there it asks 3-D Secure.",
        authentication="on_session_only",
        magic_id="pm_card_authenticationRequiredSetupForOffSession",
    ),
    Card(
        key="authentication_insufficient_funds",
        number="4000008260003178",
        does="3-D Secure when it is saved; every charge has insufficient funds.",
        country="GB",
        charge="insufficient_funds",
        authentication="unless_set_up",
        magic_id="pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
    ),
    Card(
        key="three_d_secure_required",
        number="4000000000003220",
        does="3-D Secure on every charge (3DS2).",
        authentication="always",
        magic_id="pm_card_threeDSecure2Required",
    ),
    Card(
        key="radar_block",
        number="4100000000000019",
        does="Is saved; every charge is blocked as fraud.",
        charge="fraudulent",
        is_blocked=True,
        magic_id="pm_card_radarBlock",
    ),
    Card(
        key="refund_pending",
        number="4000000000007726",
        does="Works; a refund is pending at first, then succeeds.",
        refund="succeeds",
        magic_id="pm_card_pendingRefund",
    ),
    Card(
        key="refund_fail",
        number="4000000000005126",
        does="Works; a refund succeeds at first, then fails.",
        refund="fails",
        magic_id="pm_card_refundFail",
    ),
    Card(
        key="dispute_fraudulent",
        number="4000000000000259",
        does="Works; the charge is disputed as fraudulent.",
        dispute="fraudulent",
        magic_id="pm_card_createDispute",
    ),
    Card(
        key="dispute_not_received",
        number="4000000000002685",
        does="Works; the charge is disputed: nothing was received.",
        dispute="product_not_received",
        magic_id="pm_card_createDisputeProductNotReceived",
    ),
    Card(
        key="dispute_inquiry",
        number="4000000000001976",
        does="Works; the bank inquires about the charge.",
        dispute="inquiry",
        magic_id="pm_card_createDisputeInquiry",
    ),
    Card(
        key="fraud_warning",
        number="4000000000005423",
        does="Works; the bank warns that the charge is fraud.",
        dispute="warning",
        magic_id="pm_card_createIssuerFraudRecord",
    ),
)

BY_KEY = {card.key: card for card in CARDS}
BY_NUMBER = {card.number: card for card in CARDS}
BY_MAGIC_ID = {card.magic_id: card for card in CARDS if card.magic_id}


def digits(number: str) -> str:
    """Return the card number without the spaces and dashes people put in it."""
    return "".join(character for character in number if character not in " -\u00a0")


def is_plausible(number: str) -> bool:
    """Return whether `number` has a card's length and its check digit (Luhn) fits."""
    if not (number.isascii() and number.isdecimal() and 12 <= len(number) <= 19):
        return False
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
