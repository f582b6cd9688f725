"""What the ledger answers about a campaign's figures: whole cents, days of the platform's zone."""

from datetime import date, datetime
from typing import Literal

import msgspec

from contracts.ids import CampaignSlug

FeeKnowledge = Literal["none", "estimated", "mixed", "actual"]
BreakdownName = Literal[
    "status",
    "fulfillment",
    "language",
    "ref",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
]


class MoneyPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A set of pledges, what their sums are made of, and who keeps what of it.

    `campaign` is what counts toward the goal, campaign add-ons with it. `total` is campaign,
    platform add-ons, tips, tax and shipping. `fees` are what Stripe keeps, as far as known
    from its own books and else as usual. `net` is the total without fees, without what went
    back, and without fees of disputes: the four nets less `dispute_fees`.
    """

    pledges: int
    campaign: int
    campaign_add_ons: int
    platform_add_ons: int
    tips: int
    tax: int
    shipping: int
    total: int
    fees: int
    fees_known: int
    fee_knowledge: FeeKnowledge
    returned: int
    dispute_fees: int
    campaign_net: int
    platform_net: int
    tax_net: int
    shipping_net: int
    net: int


class CampaignFigures(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A campaign in one row of figures.

    `pledged`, `pledges` and `supporters` are the public ones: late support is beside them, in
    `late_support`. `made` counts every pledge there ever was, `standing` those that are
    active or charged. `charged` was taken; `open` is what is promised and not charged yet,
    so everything about its fees is an estimate.
    """

    campaign_slug: CampaignSlug
    title: str
    goal: int
    pledged: int
    pledges: int
    supporters: int
    made: int
    standing: int
    average: int
    late_support: int
    failed_pledges: int
    failed: int
    charged: MoneyPart
    open: MoneyPart


class Overview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of `GET /admin/figures`: every campaign, those with the nearest end first.

    `supporters` counts people, whatever number of campaigns they support.
    """

    campaigns: tuple[CampaignFigures, ...]
    supporters: int


class BreakdownRow(msgspec.Struct, frozen=True, kw_only=True):
    """Pledges with one thing in common, and their cents toward the goal.

    An empty key is for those of whom nothing is known; `is_rest` for all smaller rows together.
    """

    key: str
    count: int
    amount: int
    is_rest: bool = False


class Breakdown(msgspec.Struct, frozen=True, kw_only=True):
    """Pledges by one property; the rows add up to all that were not cancelled or released.

    By status they add up to every pledge there ever was.
    """

    name: BreakdownName
    rows: tuple[BreakdownRow, ...]


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What a day changed, and how much was pledged at its end; changes have no count."""

    day: date
    made: int
    cancelled: int
    change: int
    pledged: int


class CampaignAnalytics(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of `GET /admin/figures/{slug}`: all of one moment, `as_of`.

    Days without a change are left out. The last one's `pledged` is the campaign's.
    """

    figures: CampaignFigures
    breakdowns: tuple[Breakdown, ...]
    days: tuple[Day, ...]
    timezone: str
    starts_at: datetime
    deadline_at: datetime
    as_of: datetime


class ReferralReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of `GET /admin/figures/{slug}/referrals`: pledges by code, the largest first.

    `amount` is cents toward the goal of all pledges that were not cancelled or released,
    `attributed` of those that came by a code; the thousand largest have a row.
    """

    campaign_slug: CampaignSlug
    amount: int
    attributed: int
    rows: tuple[BreakdownRow, ...]
