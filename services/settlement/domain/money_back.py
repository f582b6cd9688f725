"""The rules of what comes after a charge: fees, refunds, disputes. Pure.

Stripe's answers become one of the structs here; whoever records them compares with what is
known and changes nothing twice.
"""

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from contracts.ids import CampaignSlug, ChargeId, PledgeId, SupporterId
from contracts.money import Cents
from services.settlement.domain.charging import KEY_LIFE

LEASE = timedelta(seconds=60)
"""Longer than a reading and a call to Stripe (25 s each)."""

FEE_LOOKS = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24))
"""When a charge without its balance transaction is read again. Source: peers.md 5.5."""

STRANGER_LOOKS = (5, 30, 120, 600)
"""When something of a charge we do not know is looked at again, in seconds; then given up.

Source: reliability.md R-14.
"""

RefundState = Literal["pending", "succeeded", "failed"]
LookKind = Literal["charge", "refunds", "dispute", "warning"]
DisputeKind = Literal["dispute", "inquiry", "fraud_warning"]


class Look(msgspec.Struct, frozen=True):
    """Something of Stripe's that has to be read back, under lease."""

    kind: LookKind
    object_id: str
    payment_intent_id: str | None
    asked: int
    tries: int


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """A charge of ours that something of Stripe's is about."""

    charge_id: ChargeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: str
    pledge_ids: tuple[PledgeId, ...]
    amount_cents: Cents
    currency: str
    status: str
    payment_intent_id: str
    stripe_charge_id: str | None


class Financials(msgspec.Struct, frozen=True, kw_only=True):
    """What a balance transaction says of a charge, in cents."""

    balance_transaction_id: str
    gross_cents: Cents
    fee_cents: Cents
    net_cents: Cents
    currency: str
    available_at: datetime


class StripeCharge(msgspec.Struct, frozen=True, kw_only=True):
    """A charge as Stripe has it now. Its balance transaction may come later."""

    stripe_charge_id: str
    payment_intent_id: str
    amount_refunded: Cents
    is_disputed: bool
    financials: Financials | None


class StripeRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as Stripe has it now. `refund_id` when it is one of ours."""

    stripe_refund_id: str
    refund_id: str
    amount_cents: Cents
    state: RefundState
    failure_reason: str
    created_at: datetime


class StripeDispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute or fraud warning as Stripe has it now."""

    dispute_id: str
    kind: DisputeKind
    status: str
    reason: str
    amount_cents: Cents
    withdrawn_cents: Cents
    dispute_fee_cents: Cents
    currency: str
    evidence_due_at: datetime | None
    opened_at: datetime


class Gone(msgspec.Struct, frozen=True):
    """Stripe has no such thing."""


class Away(msgspec.Struct, frozen=True):
    """No answer, or one that says nothing: ask again."""

    reason: str


class Made(msgspec.Struct, frozen=True):
    """The refund was made."""

    refund: StripeRefund


class Refused(msgspec.Struct, frozen=True):
    """A definite no: nothing went back."""

    code: str


class Lost(msgspec.Struct, frozen=True):
    """The answer was lost: read back before anything else. `is_key_spent`: under another key."""

    reason: str
    is_key_spent: bool = False


RefundOutcome = Made | Refused | Lost | Away


class RefundRow(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of ours under lease."""

    refund_id: str
    charge_id: ChargeId
    number: int
    parameters: dict[str, Any]
    status: str
    tries: int
    key_serial: int
    key_age: timedelta | None
    is_key_spent: bool
    was_sent: bool
    lease_token: int

    @property
    def key(self) -> str:
        """Return the key under which it is asked for."""
        base = f"rf:{self.charge_id}:{self.number}"
        return base if self.key_serial == 1 else f"{base}:{self.key_serial}"

    @property
    def is_key_used_up(self) -> bool:
        """Tell whether Stripe may have forgotten the key, or would repeat a fault under it."""
        return self.is_key_spent or (self.key_age is not None and self.key_age > KEY_LIFE)


def refund_parameters(paid: Paid, refund_id: str, amount_cents: int) -> dict[str, Any]:
    """Return what Stripe is asked: our own id in the metadata, to know it again by."""
    return {
        "payment_intent": paid.payment_intent_id,
        "amount": amount_cents,
        "metadata": {
            "pool_refund": refund_id,
            "pool_charge": paid.charge_id,
            "campaign": paid.campaign,
        },
    }


def retry_seconds(tries: int) -> float:
    """Return how long a refund waits before its next try: doubled, ten minutes at most."""
    return min(2.0 ** min(tries, 12), 600)
