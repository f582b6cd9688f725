"""Scarce units: what is limited, what is left, and how to say that nothing is. Pure."""

from collections.abc import Iterable, Sequence

import msgspec

from contracts.campaign import CampaignDefinition
from contracts.events.checkout import TierStock
from contracts.ids import CampaignSlug
from contracts.pricing import PricedPledge
from contracts.refusals import StateRefused


class Units(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """So many of one tier. Sorts by campaign and tier: the order in which rows are locked."""

    campaign: CampaignSlug
    tier_id: str
    quantity: int


def units_of(pledges: Iterable[PricedPledge]) -> list[Units]:
    """Return every tier's units in an order, in the one order in which rows are locked."""
    return sorted(
        Units(campaign=pledge.campaign, tier_id=line.item_id, quantity=line.quantity)
        for pledge in pledges
        for line in pledge.lines
        if line.kind == "tier"
    )


def limits_of(definition: CampaignDefinition) -> dict[str, int]:
    """Return the limits of a campaign's limited tiers. No limit, or 0, is no limit."""
    return {tier.tier_id: tier.limit_total for tier in definition.tiers if tier.limit_total}


def remaining(stock: TierStock) -> int:
    """Return how many can still be had. A limit lowered below what is held leaves none."""
    return max(0, stock.limit_total - stock.claimed - stock.reserved)


def sold_out(units: Units, left: int) -> StateRefused:
    """Return the refusal that says how many are left."""
    return StateRefused(
        "sold_out",
        "This tier is sold out." if left == 0 else f"Only {left} of this tier are left.",
        campaignSlug=units.campaign,
        tierId=units.tier_id,
        remaining=left,
    )


def of_campaign(units: Sequence[Units], campaign: CampaignSlug) -> list[Units]:
    """Return the units of one campaign."""
    return [each for each in units if each.campaign == campaign]
