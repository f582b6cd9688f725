"""What settlement tells the dashboard: a plan or refund in brief, and who is in recovery. Cents."""

from datetime import datetime

import msgspec

from contracts.ids import CampaignSlug, PledgeId


class CardShown(msgspec.Struct, frozen=True, kw_only=True):
    """A card as people know it."""

    brand: str
    last4: str


class BriefCharge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One supporter's one sum, and what is noticed about its card."""

    order_ids: tuple[PledgeId, ...]
    amount: int
    card: CardShown
    flags: tuple[str, ...]


class BriefExcluded(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A pledge that is not charged, and why."""

    order_id: PledgeId
    reason: str


class BriefPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A plan with its first charges; counts, sums and the hash are of all of it."""

    plan_hash: str
    is_forecast: bool
    is_funded: bool
    supporters: int
    total_amount: int
    expected_fees: int
    charges: tuple[BriefCharge, ...]
    charge_count: int
    excluded: tuple[BriefExcluded, ...]
    excluded_count: int


class BriefRefund(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a campaign's refund gives back; count, sum and hash are of all of it."""

    campaign_slug: CampaignSlug
    plan_hash: str
    total: int
    refund_count: int
    left_out_count: int
    request_id: str
    status: str


class Recovering(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A charge that is not decided: why it was declined, when it is tried again, when it ends."""

    charge_id: str
    order_ids: tuple[PledgeId, ...]
    amount: int
    status: str
    because: str
    first_declined_at: datetime | None
    next_attempt_at: datetime | None
    ends_at: datetime | None


class RecoveringPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Undecided charges; `next_after` asks for those that follow, None at the end."""

    charges: tuple[Recovering, ...]
    next_after: str | None
