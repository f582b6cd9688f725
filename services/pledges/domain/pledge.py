"""What the ledger holds: a campaign, a pledge, a line of its history, what was refused."""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.api.pledges import PledgeStatus
from contracts.events.checkout import Attribution, Card, Consent
from contracts.ids import CampaignSlug, ChargeId, OrderId, PledgeId, SupporterId
from contracts.live import EffectiveState
from contracts.money import Cents
from contracts.pricing import Address, PriceBreakdown, PricedLine
from contracts.recovery import Recovery
from services.pledges.domain.figures import Figures

LedgerState = Literal["open", "closing", "closed"]
EntryType = Literal[
    "created",
    "modified",
    "cancelled",
    "charged",
    "charge_failed",
    "released",
    "card_changed",
    "lost",
    "refunded",
    "refund_failed",
    "disputed",
    "dispute_closed",
    "erased",
]
RefusalReason = Literal["closed", "deadline_passed"]

SETTLEMENT = "settlement"
LATE = "late"
"""The purpose of a charge after the end, followed by its order: each order is one charge."""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as the ledger holds it: dates and goal as they were at its start."""

    campaign: CampaignSlug
    title: str
    starts_at: datetime
    deadline_at: datetime
    goal_cents: Cents
    currency: str
    state: LedgerState
    is_funded: bool | None = None

    def is_over(self, now: datetime) -> bool:
        """Tell whether the deadline has passed. A clock moved back undoes nothing."""
        return now >= self.deadline_at or self.state != "open"

    def state_at(self, now: datetime) -> EffectiveState:
        """Return what people are told: from the deadline until the close we are counting."""
        if self.state == "closed":
            return "post"
        if self.is_over(now):
            return "closing"
        return "live" if now >= self.starts_at else "upcoming"


class Pledge(msgspec.Struct, frozen=True, kw_only=True):
    """One supporter's promise to one campaign, as it stands."""

    pledge_id: PledgeId
    order_id: OrderId
    campaign: CampaignSlug
    supporter_id: SupporterId
    email: str
    language: str
    definition_version: int
    status: PledgeStatus
    revision: int
    lines: tuple[PricedLine, ...]
    price: PriceBreakdown
    currency: str
    card: Card
    card_saved_at: datetime
    created_at: datetime
    updated_at: datetime
    shipping_address: Address | None = None
    consent: Consent | None = None
    attribution: Attribution | None = None
    cancelled_at: datetime | None = None
    charged_at: datetime | None = None
    charge_id: ChargeId | None = None
    payment_intent_id: str | None = None
    # Support after a funded end: charged at once, beside the goal's total.
    is_late: bool = False
    # How the recovery of a declined charge stands, while there is one.
    recovery: Recovery | None = None
    lost_at: datetime | None = None
    # Of what was charged: refunded, or withdrawn by a bank.
    returned_cents: Cents = Cents(0)
    # Of its supporter's links, the generation that still opens it.
    link_generation: int = 1


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of history: what changed, by how much, and what caused it.

    `cause` names the cause and not the message that told of it: a copy of the same
    news under another event id is recognised as the same line.
    """

    pledge_id: PledgeId
    version: int
    entry_type: EntryType
    status: PledgeStatus
    cause: str
    delta: Figures
    tip_percent: int
    recorded_at: datetime
    lines: tuple[PricedLine, ...] | None = None
    charge_id: ChargeId | None = None
    payment_intent_id: str | None = None
    charged_cents: Cents | None = None
    decline_code: str | None = None
    # What went back with this line, tip and tax included; negative when it came to us again.
    moved_cents: Cents | None = None
    # The card from this line on, where the line changed it.
    card: Card | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A pledge after a change, and the line that tells of it. Neither goes without the other."""

    pledge: Pledge
    entry: Entry

    @property
    def for_totals(self) -> Figures:
        """Return what the change adds to its campaign's totals.

        Late support stands beside them: it counts once it is paid, in a figure of its own.
        """
        if self.pledge.is_late:
            return Figures(late_support_cents=self.entry.delta.collected_cents)
        return self.entry.delta


class RefusedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A completed order that cannot be a pledge of this campaign."""

    order_id: OrderId
    campaign: CampaignSlug
    pledge_id: PledgeId
    email: str
    language: str
    reason: RefusalReason
    completed_at: datetime
    refused_at: datetime
    lines: tuple[PricedLine, ...]


class ChargeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What one supporter owes one funded campaign, decided at its close."""

    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: str
    pledge_ids: tuple[PledgeId, ...]
    amount_cents: Cents
    currency: str
    card: Card
    card_saved_at: datetime | None = None
