"""What settlement says about time and charges."""

from datetime import datetime

from contracts.events.base import Event
from contracts.ids import CampaignSlug, ChargeId, SupporterId
from contracts.money import Cents


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
    """The bank definitely said no to attempt `attempt`."""

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
