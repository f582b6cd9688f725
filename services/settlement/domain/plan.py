"""The plan: who would be charged what, with which card, and who would not.

Before the close it is a forecast from the pledges, after it the charges themselves; its
hash is the same for the same charges, so an operator executes what was looked at.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

import msgspec

from contracts import card_life
from contracts.api.figures import CardFace
from contracts.ids import CampaignSlug, PledgeId, SupporterId
from contracts.money import Cents, expected_fee
from services.settlement.domain.runs import Campaign, Closing

SMALLEST_CENTS = 50
"""Stripe's own minimum for US dollars; for other currencies Stripe alone can say."""


class PlannedCharge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One supporter's one sum."""

    supporter: SupporterId
    order_ids: tuple[PledgeId, ...]
    amount: Cents
    card: CardFace
    flags: tuple[str, ...]


class ExcludedPledge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A pledge that is not charged, and why."""

    order_id: PledgeId
    reason: str


class Plan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a settlement is going to do, or did. Amounts are cents."""

    campaign_slug: CampaignSlug
    plan_hash: str
    is_forecast: bool
    is_funded: bool
    supporters: int
    total_amount: int
    expected_fees: int
    charges: tuple[PlannedCharge, ...]
    excluded: tuple[ExcludedPledge, ...]


class PledgeCopy(msgspec.Struct, frozen=True):
    """What the ledger said of a pledge, as far as a charge needs it."""

    pledge_id: PledgeId
    supporter_id: SupporterId
    status: str
    amount_cents: Cents
    goal_cents: Cents
    customer_id: str
    payment_method_id: str
    card_brand: str
    card_last4: str
    card_exp_month: int
    card_exp_year: int
    card_saved_at: datetime


class ChargeFacts(msgspec.Struct, frozen=True):
    """What a charge row says of the sum and the card."""

    supporter_id: SupporterId
    pledge_ids: tuple[PledgeId, ...]
    amount_cents: Cents
    customer_id: str
    payment_method_id: str
    card_brand: str
    card_last4: str
    card_exp_month: int
    card_exp_year: int


def forecast(
    campaign: Campaign,
    pledges: Sequence[PledgeCopy],
    *,
    refused_cards: frozenset[str] = frozenset(),
) -> Plan:
    """Return what the close would charge if it came now. Without a goal nothing is funded."""
    active = [pledge for pledge in pledges if pledge.status == "active"]
    charges = [_summed(group) for group in _by_supporter(active)]
    excluded = [
        (pledge.pledge_id, pledge.status) for pledge in pledges if pledge.status != "active"
    ]
    pledged = sum(pledge.goal_cents for pledge in active)
    return _plan(
        campaign,
        charges,
        excluded,
        several=_with_several_cards(active),
        refused_cards=refused_cards,
        is_forecast=True,
        is_funded=campaign.goal_cents > 0 and pledged >= campaign.goal_cents,
    )


def executed(
    campaign: Campaign,
    closing: Closing,
    charges: Sequence[ChargeFacts],
    pledges: Sequence[PledgeCopy],
    *,
    refused_cards: frozenset[str] = frozenset(),
) -> Plan:
    """Return what the close asked to charge."""
    included = {pledge_id for charge in charges for pledge_id in charge.pledge_ids}
    absent = "not_requested" if closing.is_funded else "not_funded"
    excluded = [
        (pledge.pledge_id, absent if pledge.status == "active" else pledge.status)
        for pledge in pledges
        if pledge.pledge_id not in included
    ]
    return _plan(
        campaign,
        charges,
        excluded,
        several=_with_several_cards(p for p in pledges if p.pledge_id in included),
        refused_cards=refused_cards,
        is_forecast=False,
        is_funded=closing.is_funded,
    )


def plan_hash(slug: CampaignSlug, charges: Iterable[ChargeFacts]) -> str:
    """Return a hash that changes with any sum, pledge or card, and with nothing else."""
    facts = sorted(
        (
            charge.supporter_id,
            sorted(charge.pledge_ids),
            charge.amount_cents,
            charge.customer_id,
            charge.payment_method_id,
        )
        for charge in charges
    )
    return hashlib.sha256(msgspec.json.encode([slug, facts])).hexdigest()


def expires_before(charge: ChargeFacts, instant: datetime, zone: str) -> bool:
    """Tell whether the card's last day is over at `instant`, in the platform's zone."""
    return card_life.is_over(charge.card_exp_year, charge.card_exp_month, instant, zone)


def _by_supporter(pledges: Iterable[PledgeCopy]) -> list[list[PledgeCopy]]:
    ordered = sorted(pledges, key=lambda pledge: (pledge.supporter_id, pledge.pledge_id))
    return [list(group) for _, group in groupby(ordered, key=lambda pledge: pledge.supporter_id)]


def _with_several_cards(pledges: Iterable[PledgeCopy]) -> set[SupporterId]:
    return {
        group[0].supporter_id
        for group in _by_supporter(pledges)
        if len({pledge.payment_method_id for pledge in group}) > 1
    }


def _summed(pledges: Sequence[PledgeCopy]) -> ChargeFacts:
    """Return one supporter's pledges as one charge on the newest card.

    The ledger decides at the close; this is the same rule, so that the forecast holds.
    """
    newest = max(pledges, key=lambda pledge: (pledge.card_saved_at, pledge.pledge_id))
    return ChargeFacts(
        supporter_id=newest.supporter_id,
        pledge_ids=tuple(pledge.pledge_id for pledge in pledges),
        amount_cents=Cents(sum(pledge.amount_cents for pledge in pledges)),
        customer_id=newest.customer_id,
        payment_method_id=newest.payment_method_id,
        card_brand=newest.card_brand,
        card_last4=newest.card_last4,
        card_exp_month=newest.card_exp_month,
        card_exp_year=newest.card_exp_year,
    )


def _plan(
    campaign: Campaign,
    charges: Sequence[ChargeFacts],
    excluded: Sequence[tuple[PledgeId, str]],
    *,
    several: set[SupporterId],
    refused_cards: frozenset[str],
    is_forecast: bool,
    is_funded: bool,
) -> Plan:
    shown = [_shown(campaign, charge, several, refused_cards) for charge in charges]
    return Plan(
        campaign_slug=campaign.slug,
        plan_hash=plan_hash(campaign.slug, charges),
        is_forecast=is_forecast,
        is_funded=is_funded,
        supporters=len({charge.supporter_id for charge in charges}),
        total_amount=sum(charge.amount_cents for charge in charges),
        expected_fees=sum(expected_fee(charge.amount_cents) for charge in charges),
        charges=tuple(shown),
        excluded=tuple(
            ExcludedPledge(order_id=pledge_id, reason=reason) for pledge_id, reason in excluded
        ),
    )


def _shown(
    campaign: Campaign,
    charge: ChargeFacts,
    several: set[SupporterId],
    refused_cards: frozenset[str],
) -> PlannedCharge:
    deadline, zone = campaign.deadline_at, campaign.timezone
    is_over = expires_before(charge, deadline, zone)
    until = card_life.needed_until(deadline, campaign.recovery_days)
    facts = {
        "expires_before_deadline": is_over,
        # Good for the first try, and not for the last one.
        "expires_in_recovery": not is_over and expires_before(charge, until, zone),
        # A bank said no to it for another campaign, and nothing was paid with it since.
        "declined_elsewhere": charge.payment_method_id in refused_cards,
        "amount_too_small": campaign.currency == "usd" and charge.amount_cents < SMALLEST_CENTS,
        "several_cards": charge.supporter_id in several,
    }
    return PlannedCharge(
        supporter=charge.supporter_id,
        order_ids=charge.pledge_ids,
        amount=charge.amount_cents,
        card=CardFace(
            brand=charge.card_brand,
            last4=charge.card_last4,
            exp_month=charge.card_exp_month,
            exp_year=charge.card_exp_year,
        ),
        flags=tuple(name for name, holds in facts.items() if holds),
    )
