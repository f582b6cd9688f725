"""What the ledger says about pledges, totals and closings."""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.events.base import Event
from contracts.events.checkout import Card, RefusedPart
from contracts.ids import CampaignSlug, OrderId, PledgeId, SupporterId
from contracts.money import Cents
from contracts.pricing import PriceBreakdown, PricedLine
from contracts.recovery import Recovery

ChargePurpose = str
"""`settlement`, or `late:<order>` for support after a funded end."""


class PledgeSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A pledge as it stands after a change, at `revision` (1, 2, 3 … without gap)."""

    pledge_id: PledgeId
    order_id: OrderId
    campaign: CampaignSlug
    supporter_id: SupporterId
    email: str
    language: str
    revision: int
    status: Literal["active", "cancelled", "charged", "payment_failed", "released"]
    lines: tuple[PricedLine, ...]
    price: PriceBreakdown
    card: Card
    created_at: datetime
    currency: str = "usd"
    # None in messages of old: then the card is the one the pledge was made with.
    card_saved_at: datetime | None = None
    # Support after a funded end: charged at once, beside the goal's total.
    is_late: bool = False


class PledgeCreated(Event, frozen=True, kw_only=True, tag="pledges.created"):
    """A completed order became a pledge to one campaign.

    `refused` is what of the same order did not: the order's first pledge names it.
    """

    pledge: PledgeSnapshot
    refused: tuple[RefusedPart, ...] = ()


class PledgeModified(Event, frozen=True, kw_only=True, tag="pledges.modified"):
    """A proposed revision was committed: the pledge now is what `pledge` says.

    `proposal` is the one of this revision that was committed; its reservation becomes a
    claim, and what the pledge no longer contains is free again.
    """

    pledge: PledgeSnapshot
    proposal: int
    previous: PriceBreakdown


class RevisionAbandoned(Event, frozen=True, kw_only=True, tag="pledges.revision_abandoned"):
    """A proposed revision will never be committed: what was reserved for it is free."""

    pledge_id: PledgeId
    order_id: OrderId
    campaign: CampaignSlug
    revision: int
    proposal: int
    reason: Literal["refused", "timed_out", "closed"]


class PledgeCancelled(Event, frozen=True, kw_only=True, tag="pledges.cancelled"):
    """The supporter withdrew before the deadline. The claimed units are free again."""

    pledge: PledgeSnapshot


class PledgeErased(Event, frozen=True, kw_only=True, tag="pledges.erased"):
    """A supporter is to be forgotten: whoever has their name or address takes it out.

    `email` is the one spelling of the address, for those who know people by nothing else.
    """

    pledge_id: PledgeId
    order_id: OrderId
    campaign: CampaignSlug
    supporter_id: SupporterId
    email: str


class PledgeCardChanged(Event, frozen=True, kw_only=True, tag="pledges.card_changed"):
    """The pledge will be charged to another card, or its card has new data."""

    pledge: PledgeSnapshot


class LinkedPledge(msgspec.Struct, frozen=True, kw_only=True):
    """A pledge that a fresh link opens, and when its campaign ends."""

    pledge_id: PledgeId
    campaign: CampaignSlug
    title: str
    deadline_at: datetime


class LinksRenewed(Event, frozen=True, kw_only=True, tag="pledges.links_renewed"):
    """A supporter asked for lost links: fresh ones are due, and every older one is over.

    A link of a generation before `generation` opens nothing any more. Newest pledge first.
    """

    supporter_id: SupporterId
    generation: int
    email: str
    language: str
    pledges: tuple[LinkedPledge, ...]


class PledgeRefused(Event, frozen=True, kw_only=True, tag="pledges.refused"):
    """A completed order came after the deadline, or after the count. Nothing is pledged.

    `is_told` and `also` are as in `checkout.refused`.
    """

    pledge_id: PledgeId
    order_id: OrderId
    campaign: CampaignSlug
    email: str
    language: str
    lines: tuple[PricedLine, ...]
    reason: Literal["closed", "deadline_passed"] = "closed"
    is_told: bool = False
    also: tuple[RefusedPart, ...] = ()


class CampaignClosed(Event, frozen=True, kw_only=True, tag="pledges.closed"):
    """The final count: written once, never changed."""

    campaign: CampaignSlug
    is_funded: bool
    pledged_cents: Cents
    pledge_count: int
    goal_cents: Cents
    closed_at: datetime
    # Ended early by its operator: whatever was pledged, nobody is charged.
    is_cancelled: bool = False


class OrdersMissed(Event, frozen=True, kw_only=True, tag="pledges.orders_missed"):
    """A campaign that has ended waits for orders that checkout completed. Say them again.

    Count and hash are of the orders that the ledger did apply, as in `checkout.drained`.
    """

    campaign: CampaignSlug
    applied_count: int
    applied_hash: str


class ChargeRequested(Event, frozen=True, kw_only=True, tag="pledges.charge_requested"):
    """One supporter owes one sum to one funded campaign, on the newest card.

    `card_saved_at` tells a card that was saved afterwards from one before: news of it may
    come first.
    """

    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: ChargePurpose
    pledge_ids: tuple[PledgeId, ...]
    amount_cents: Cents
    card: Card
    currency: str = "usd"
    card_saved_at: datetime | None = None


class SupporterNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What one mail to one supporter about one campaign needs to say."""

    supporter_id: SupporterId
    email: str
    language: str
    pledge_ids: tuple[PledgeId, ...]
    lines: tuple[PricedLine, ...]
    subtotal_cents: Cents
    shipping_cents: Cents
    tax_cents: Cents
    tip_cents: Cents
    total_cents: Cents
    card: Card
    currency: str = "usd"


class PledgesReleased(Event, frozen=True, kw_only=True, tag="pledges.released"):
    """The campaign was not funded, or was ended early: this supporter is not charged."""

    campaign: CampaignSlug
    notice: SupporterNotice
    reason: Literal["not_funded", "cancelled"] = "not_funded"


class PledgesCharged(Event, frozen=True, kw_only=True, tag="pledges.charged"):
    """One charge paid for these pledges."""

    campaign: CampaignSlug
    notice: SupporterNotice
    charged_at: datetime


class PledgesChargeFailed(Event, frozen=True, kw_only=True, tag="pledges.charge_failed"):
    """The bank said no. The pledges stand as payment_failed.

    `is_quiet`: nobody is mailed about this one, see `settlement.charge_declined`.
    """

    campaign: CampaignSlug
    notice: SupporterNotice
    failed_at: datetime
    decline_code: str
    recovery: Recovery | None = None
    is_quiet: bool = False


class PledgesRecoveryReminded(Event, frozen=True, kw_only=True, tag="pledges.recovery_reminded"):
    """A declined charge is still open, and its supporter is told again."""

    campaign: CampaignSlug
    notice: SupporterNotice
    recovery: Recovery
    number: int
    is_last_day: bool


class PledgesLost(Event, frozen=True, kw_only=True, tag="pledges.lost"):
    """The time to pay for these pledges is over: nobody will be charged, units are free."""

    campaign: CampaignSlug
    notice: SupporterNotice
    lost_at: datetime
    # The campaign gives its money back: nobody will be charged any more.
    is_refunded: bool = False


class PledgesRefunded(Event, frozen=True, kw_only=True, tag="pledges.refunded"):
    """Money went back for these pledges, or came back to us because the refund `failed`.

    `amount_cents` of this refund; `returned_cents` of all refunds of these pledges by now.
    """

    campaign: CampaignSlug
    notice: SupporterNotice
    refund_id: str
    state: Literal["returned", "failed"]
    amount_cents: Cents
    returned_cents: Cents
    refunded_at: datetime


class TotalsChanged(Event, frozen=True, kw_only=True, tag="pledges.totals_changed"):
    """All public figures of a campaign, as of `version`, in cents.

    Every figure counts what progress counts (subtotals, no tip, tax or shipping), so
    that after a funded close collected + recovering + lost + returned = pledged. Source: look.md 6.
    """

    campaign: CampaignSlug
    version: int
    pledged_cents: Cents
    pledge_count: int
    tier_counts: dict[str, int]
    support_item_cents: dict[str, Cents]
    collected_cents: Cents = Cents(0)
    recovering_cents: Cents = Cents(0)
    lost_cents: Cents = Cents(0)
    # Collected, and refunded or withdrawn by a bank since.
    returned_cents: Cents = Cents(0)
    late_support_cents: Cents = Cents(0)
    supporter_count: int = 0
