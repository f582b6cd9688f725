"""What a mail tells, as the event that is its cause told it."""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.events.checkout import RefusedPart
from contracts.events.pledges import LinkedPledge
from contracts.events.settlement import NoticedPledge
from contracts.ids import CampaignSlug, PledgeId
from contracts.magic_link import FIRST_GENERATION
from contracts.money import Cents
from contracts.pricing import PricedLine
from contracts.recovery import Recovery
from services.notify.domain.news import News


class CardFace(msgspec.Struct, frozen=True, kw_only=True):
    """A card as its owner knows it."""

    brand: str
    last4: str
    # 0 in mails of old.
    exp_month: int = 0
    exp_year: int = 0


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a mail. The rates are known for one pledge, not for several summed."""

    subtotal_cents: Cents
    shipping_cents: Cents
    tax_cents: Cents
    tip_cents: Cents
    total_cents: Cents
    tip_percent: int | None = None
    tax_rate: str | None = None


class DisputeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a cardholder's bank says of a charge. `due_at`: until when it hears our side."""

    dispute_id: str
    reason: str
    amount_cents: Cents
    due_at: datetime | None = None


# The ledger; what whoever runs a campaign has to send; what the platform has to send beside it.
ReportType = Literal["pledge", "fulfillment", "platform"]


class ReportFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's figures of a day, and which report goes with them."""

    report_type: ReportType
    pledge_count: int
    new_count: int
    pledged_cents: Cents
    # Whose file goes with it.
    report_id: str = ""
    # As the platform wanted them when it was made.
    subject_prefix: str = ""
    has_summary: bool = True
    has_file: bool = True


class PreviewFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A working copy that somebody is asked to look at, by whom, and the secret that shows it."""

    campaign: CampaignSlug
    title: str
    shared_by: str
    token: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, as the event told it. `pledge_id` is the pledge the link opens."""

    pledge_id: PledgeId | None = None
    lines: tuple[PricedLine, ...] = ()
    sums: Sums | None = None
    card: CardFace | None = None
    currency: str = "usd"
    reason: str = ""
    happened_at: datetime | None = None
    # Support after a funded end.
    is_late: bool = False
    recovery: Recovery | None = None
    is_last_day: bool = False
    # Of a refund: this one, and all of them by now.
    refund_cents: Cents | None = None
    returned_cents: Cents | None = None
    # Each pledge of a sum that is about to be charged.
    pledges: tuple[NoticedPledge, ...] = ()
    # What else of the same order was refused.
    refused: tuple[RefusedPart, ...] = ()
    # Of a pledge that was changed: its total and subtotal before.
    before_cents: Cents | None = None
    before_subtotal_cents: Cents | None = None
    # The pledges of links that were sent again, and the generation that this mail's links are of.
    opened: tuple[LinkedPledge, ...] = ()
    link_generation: int = FIRST_GENERATION
    # For those who run the platform or a campaign.
    dispute: DisputeFacts | None = None
    report: ReportFacts | None = None
    sign_in_token: str = ""
    preview: PreviewFacts | None = None
    # Of a broadcast that goes to one address as a test.
    news: News | None = None
