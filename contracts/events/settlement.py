"""What settlement says about time, charges, and what becomes of the money after them."""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.events.base import Event
from contracts.events.pledges import SupporterNotice
from contracts.ids import CampaignSlug, ChargeId, PledgeId, SupporterId
from contracts.money import Cents
from contracts.recovery import Recovery

LostBecause = Literal["window_ended", "cancelled_at_stripe", "impossible", "refunded"]


class CampaignWentLive(Event, frozen=True, kw_only=True, tag="settlement.went_live"):
    """The start instant has come."""

    campaign: CampaignSlug
    starts_at: datetime


class DeadlinePassed(Event, frozen=True, kw_only=True, tag="settlement.deadline_passed"):
    """The first instant that is too late has come."""

    campaign: CampaignSlug
    deadline_at: datetime


class ChargeDue(Event, frozen=True, kw_only=True, tag="charges.due"):
    """A charge row wants an attempt. Only a wake-up: the row's lease is the guard."""

    charge_id: ChargeId
    campaign: CampaignSlug


class ChargeSucceeded(Event, frozen=True, kw_only=True, tag="settlement.charge_succeeded"):
    """Stripe confirmed this supporter's one PaymentIntent."""

    charge_id: ChargeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: str
    amount_cents: Cents
    payment_intent_id: str
    stripe_charge_id: str
    succeeded_at: datetime


class ChargeDeclined(Event, frozen=True, kw_only=True, tag="settlement.charge_declined"):
    """The bank definitely said no to attempt `attempt`.

    `is_quiet`: nobody is mailed about this one. It was a try of our own, which the reminders
    speak about, or another one follows at once.
    """

    charge_id: ChargeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: str
    amount_cents: Cents
    payment_intent_id: str
    attempt: int
    code: str
    decline_code: str
    needs_authentication: bool
    declined_at: datetime
    recovery: Recovery | None = None
    is_quiet: bool = False


class RecoveryReminderDue(Event, frozen=True, kw_only=True, tag="settlement.recovery_reminder_due"):
    """A declined charge is still open, and its supporter is to be told again.

    `number` counts the reminders of a charge from 1.
    """

    charge_id: ChargeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: str
    recovery: Recovery
    number: int
    is_last_day: bool


class ChargeLost(Event, frozen=True, kw_only=True, tag="settlement.charge_lost"):
    """The charge can never succeed any more: its PaymentIntent is cancelled at Stripe."""

    charge_id: ChargeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: str
    amount_cents: Cents
    because: LostBecause
    lost_at: datetime


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """How many supporters of a settlement ended in one way, and how much that is."""

    supporters: int = 0
    cents: Cents = Cents(0)


class StripeSums(msgspec.Struct, frozen=True, kw_only=True):
    """Stripe's books beside ours: the balance transactions of the charges that succeeded.

    `known`: those Stripe has booked so far, with its gross, in cents. `awaited`: those it
    has not booked, or not in the campaign's currency, with our sum. `agrees`: whatever is
    known is, charge by charge, ours, and nobody paid twice.
    """

    known: Share
    awaited: Share = Share()
    duplicates: int
    agrees: bool


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """planned = succeeded + failed + unknown + lost, in supporters and in cents.

    `failed` is being recovered or waits to be sent, `open_charges` names what is undecided.
    """

    planned: Share
    succeeded: Share
    failed: Share
    unknown: Share
    lost: Share
    stripe: StripeSums
    adds_up: bool
    open_charges: tuple[ChargeId, ...] = ()


class SettlementSettled(Event, frozen=True, kw_only=True, tag="settlement.settled"):
    """No supporter of the campaign's settlement needs attention any more. Said once."""

    campaign: CampaignSlug
    certificate: Certificate
    settled_at: datetime


class FeesKnown(Event, frozen=True, kw_only=True, tag="settlement.fees_known"):
    """Stripe's balance transaction says what a charge cost: net = gross - fee, in cents."""

    charge_id: ChargeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: str
    stripe_charge_id: str
    balance_transaction_id: str
    gross_cents: Cents
    fee_cents: Cents
    net_cents: Cents
    currency: str
    available_at: datetime


class Refunded(Event, frozen=True, kw_only=True, tag="settlement.refunded"):
    """Money of a charge went back (`returned`), or a refund that had begun `failed` and the
    money is with us again. `pledge_id` when it is one pledge's; else it is all of theirs."""

    refund_id: str
    charge_id: ChargeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: str
    state: Literal["returned", "failed"]
    amount_cents: Cents
    currency: str
    pledge_id: PledgeId | None
    refunded_at: datetime


class Disputed(Event, frozen=True, kw_only=True, tag="settlement.disputed"):
    """What a cardholder's bank says about a charge, as of `version` of that dispute.

    `withdrawn_cents` is what it has taken back by now, `dispute_fee_cents` what Stripe took
    for it; both are zero for inquiries, fraud warnings and what was won. `status` is Stripe's.
    """

    dispute_id: str
    version: int
    charge_id: ChargeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: str
    kind: Literal["dispute", "inquiry", "fraud_warning"]
    status: str
    reason: str
    amount_cents: Cents
    withdrawn_cents: Cents
    dispute_fee_cents: Cents
    currency: str
    evidence_due_at: datetime | None
    updated_at: datetime


class NoticedPledge(msgspec.Struct, frozen=True, kw_only=True):
    """One pledge of the sum that will be charged, in cents."""

    pledge_id: PledgeId
    total_cents: Cents


class ChargeNoticeDue(Event, frozen=True, kw_only=True, tag="settlement.charge_notice_due"):
    """A supporter's card is charged soon: in two days if the goal is reached (`two_days`), or
    now that it was (`close`). Once per supporter, campaign and moment."""

    campaign: CampaignSlug
    moment: Literal["two_days", "close"]
    deadline_at: datetime
    notice: SupporterNotice
    pledges: tuple[NoticedPledge, ...]
