"""The rules of one charge: its keys, its parameters, its outcomes, and when to look again.

A charge has one PaymentIntent. Every attempt confirms that one, and Stripe confirms it
successfully once; so nothing here can charge twice, whatever was lost on the way.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from contracts.events.pledges import ChargeRequested
from contracts.ids import CampaignSlug, ChargeId, PledgeId, SupporterId
from contracts.money import Cents

LEASE = timedelta(seconds=60)
"""Longer than the two calls to Stripe (25 s each) that one turn may make."""

KEY_LIFE = timedelta(hours=20)
"""Stripe may forget a key after 24 hours and would then take it for a new request."""

CHECK_SECONDS = (15, 60, 300, 1_800, 3_600)
"""When an unknown outcome is read back: after 15 s, 1 min, 5 min, 30 min, then hourly."""

PERSON_CHECK_SECONDS = (5, 5, 10, 20, 40, 60)
"""When a charge is read whose person is at the bank: an event usually comes first."""

UNDECIDED_LIMIT = timedelta(hours=24)
"""After that an unknown outcome waits for a person as well."""

ALWAYS_CONFIRMED_WITH: dict[str, Any] = {"off_session": True}
"""What every confirmation says beside its card."""

METADATA_LENGTH_MAX = 500
CHARGE_ID_LENGTH = 32
SUFFIX_LENGTH_MAX = 10


class Succeeded(msgspec.Struct, frozen=True, kw_only=True):
    """Stripe says the money was taken."""

    stripe_charge_id: str


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """A definite no. `needs_authentication`: yes, if the person is there to confirm."""

    code: str
    decline_code: str = ""
    advice_code: str = ""
    network_decline_code: str = ""
    network_advice_code: str = ""
    # Stripe's kind of error: card_error, invalid_request_error; empty: no error was given.
    error_type: str = ""
    needs_authentication: bool = False
    # The failed charge that Stripe keeps, if the bank was asked at all.
    stripe_charge_id: str = ""

    @property
    def fingerprint(self) -> str:
        """Return what tells this error from an earlier one of the same PaymentIntent."""
        return f"{self.stripe_charge_id}|{self.code}|{self.decline_code}"


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """The request may have been executed: read it back, never guess.

    `is_key_spent`: Stripe did answer, with a fault it will repeat under the same key.
    """

    reason: str
    is_key_spent: bool = False


class Postponed(msgspec.Struct, frozen=True, kw_only=True):
    """Surely nothing happened, and not because of the card. The same attempt waits."""

    reason: str
    is_key_spent: bool = False


class NotHappened(msgspec.Struct, frozen=True):
    """The PaymentIntent was read, and it was not confirmed."""


class AtTheBank(msgspec.Struct, frozen=True):
    """The PaymentIntent was read: it waits for what the person answers the bank."""


class Cancelled(msgspec.Struct, frozen=True):
    """The PaymentIntent is cancelled at Stripe: it can never succeed any more."""


class Created(msgspec.Struct, frozen=True):
    """The PaymentIntent exists and has moved no money."""

    payment_intent_id: str


ConfirmOutcome = Succeeded | Declined | Unknown | Postponed
CreateOutcome = Created | Declined | Postponed
ReadOutcome = Succeeded | Declined | Unknown | NotHappened | AtTheBank | Cancelled
EndOutcome = Succeeded | Cancelled | Unknown
FindOutcome = Created | NotHappened | Postponed


class ChargeRow(msgspec.Struct, frozen=True):
    """A charge as its row says it."""

    charge_id: ChargeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: str
    pledge_ids: tuple[PledgeId, ...]
    amount_cents: Cents
    currency: str
    customer_id: str
    payment_method_id: str
    status: str
    version: int
    payment_intent_id: str | None
    lease_token: int
    postponed: int
    checks: int
    create_parameters: dict[str, Any]
    create_serial: int
    create_keyed_at: datetime
    create_key_age: timedelta
    is_create_key_spent: bool
    known_errors: tuple[str, ...]
    is_person_gone: bool

    def is_own_error(self, decline: Declined) -> bool:
        """Tell whether an error that was read is of the attempt in flight.

        A PaymentIntent goes on showing the error of its last attempt. Taken for the answer
        to one that never arrived, it would decline a card that was not asked.
        """
        return decline.fingerprint not in self.known_errors


class AttemptRow(msgspec.Struct, frozen=True):
    """The attempt in flight. `was_sent`: its confirmation may have reached Stripe."""

    attempt: int
    kind: str
    confirm_parameters: dict[str, Any]
    key_serial: int
    key_age: timedelta | None
    is_key_spent: bool
    was_sent: bool


class Work(msgspec.Struct, frozen=True):
    """A leased charge and its attempt: all a charger needs to take the next step."""

    charge: ChargeRow
    attempt: AttemptRow

    @property
    def is_ready(self) -> bool:
        """Tell whether the attempt was not sent yet, and may be sent under its key."""
        attempt = self.attempt
        is_stale = is_used_up(attempt.key_age, is_spent=attempt.is_key_spent)
        return not (attempt.was_sent or is_stale)

    @property
    def create_key(self) -> str:
        """Return the key under which the PaymentIntent is made."""
        return _serial(f"pi:{self.charge.charge_id}", self.charge.create_serial)

    @property
    def is_create_key_used_up(self) -> bool:
        """Tell whether Stripe must be searched before the PaymentIntent is asked for again."""
        return is_used_up(self.charge.create_key_age, is_spent=self.charge.is_create_key_spent)

    def confirm_key(self, payment_intent_id: str) -> str:
        """Return the key under which this attempt is confirmed."""
        base = f"cf:{payment_intent_id}:{self.attempt.attempt}"
        return _serial(base, self.attempt.key_serial)


def _serial(key: str, serial: int) -> str:
    return key if serial == 1 else f"{key}:{serial}"


def is_used_up(age: timedelta | None, *, is_spent: bool) -> bool:
    """Tell whether a key must not be sent again. None: it was never sent."""
    return is_spent or (age is not None and age > KEY_LIFE)


def charge_id_of(request: ChargeRequested) -> ChargeId:
    """Return the id of the one charge that a supporter has in a campaign for a purpose.

    It follows from what it is for: a platform that lost the charge and makes it again finds
    by it what Stripe already has (reliability B-4).
    """
    about = "\0".join((request.campaign, request.supporter_id, request.purpose))
    return ChargeId(f"chg_{hashlib.sha256(about.encode()).hexdigest()[:CHARGE_ID_LENGTH]}")


def create_parameters(charge_id: ChargeId, request: ChargeRequested) -> dict[str, Any]:
    """Return what the PaymentIntent is created with.

    Without a card and without `confirm`: on its own it moves no money. The card comes
    with each confirmation, since another attempt may use another one.
    """
    return {
        "amount": request.amount_cents,
        "currency": request.currency,
        "customer": request.card.customer_id,
        "allowed_payment_method_types": ["card"],
        "statement_descriptor_suffix": statement_suffix(request.campaign),
        "metadata": {
            "pool_charge": charge_id,
            "campaign": request.campaign,
            "purpose": request.purpose,
            "orders": orders_metadata(request.pledge_ids),
        },
    }


def confirm_parameters(payment_method_id: str) -> dict[str, Any]:
    """Return what one attempt is confirmed with."""
    return {**ALWAYS_CONFIRMED_WITH, "payment_method": payment_method_id}


def orders_metadata(pledge_ids: Sequence[str]) -> str:
    """Return as many ids as fit Stripe's 500 characters, then `+n` for the others."""
    for kept in range(len(pledge_ids), -1, -1):
        left = len(pledge_ids) - kept
        text = ",".join([*pledge_ids[:kept], *([f"+{left}"] if left else [])])
        if len(text) <= METADATA_LENGTH_MAX:
            return text
    return ""


def statement_suffix(campaign: CampaignSlug) -> str:
    """Return what follows the account's name on the supporter's statement.

    Ten characters, because Stripe joins both and cuts at 22; at least one letter,
    because it refuses a suffix without.
    """
    words = campaign.upper().split("-")
    text = words[0][:SUFFIX_LENGTH_MAX]
    for word in words[1:]:
        if len(text) + 1 + len(word) > SUFFIX_LENGTH_MAX:
            break
        text = f"{text} {word}"
    has_letter = any(character.isalpha() for character in text)
    return text if has_letter else f"NO {text}"[:SUFFIX_LENGTH_MAX]


def with_new_create_key(charge: ChargeRow) -> ChargeRow:
    """Return the charge as it is after its next key for creating was begun."""
    return msgspec.structs.replace(
        charge,
        create_serial=charge.create_serial + 1,
        create_key_age=timedelta(0),
        is_create_key_spent=False,
    )


class LeaseLost(Exception):
    """Somebody else has the charge by now; what we know, Stripe knows as well."""
