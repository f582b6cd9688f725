"""The public snapshot of a campaign: what `GET /live/{slug}` answers and SSE pushes.

Names and units are the product's own: `pledgedAmount` and its kin are cents, `goalAmount`
and `supportItems` targets are dollars (interfaces.md, "Shapes").
"""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.ids import CampaignSlug

EffectiveState = Literal["upcoming", "live", "closing", "post"]


class LiveCampaign(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which campaign, and how it stands."""

    slug: CampaignSlug
    title: str
    effective_state: EffectiveState
    funded: bool
    charged: bool
    starts_at: datetime
    deadline: datetime
    # Ended early by its operator: nobody is charged.
    cancelled: bool = False


class LiveStats(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The honest totals. All `…_amount` are cents except the goal."""

    pledged_amount: int
    pledge_count: int
    tier_counts: dict[str, int]
    support_items: dict[str, int]
    goal_amount: int | float
    percent_funded: int
    collected_amount: int
    recovering_amount: int
    lost_amount: int
    late_support_amount: int
    updated_at: datetime | None
    supporter_count: int = 0
    # Collected, and refunded or taken back by a bank since.
    returned_amount: int = 0


class LiveTier(msgspec.Struct, frozen=True, kw_only=True):
    """The stock of one limited tier, or of one add-on."""

    limit: int
    claimed: int
    reserved: int
    remaining: int


class LiveInventory(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The stock of every limited tier by its id, and of the campaign's own limited add-ons.

    An add-on is named as in a cart, without `addon__`.
    """

    tiers: dict[str, LiveTier]
    add_ons: dict[str, LiveTier] = {}


class LiveSnapshot(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One small document per campaign; a lower `version` never replaces a higher."""

    campaign: LiveCampaign
    stats: LiveStats
    inventory: LiveInventory
    version: int
    server_time: datetime
