"""What a campaign's figures say, as its page and its live snapshot show them. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from contracts.campaign import AddOn, CampaignDefinition
from contracts.events.checkout import StockChanged, StockLevel
from contracts.events.pledges import CampaignClosed, TotalsChanged
from contracts.ids import CampaignSlug
from contracts.live import (
    EffectiveState,
    LiveCampaign,
    LiveInventory,
    LiveSnapshot,
    LiveStats,
    LiveTier,
)
from contracts.money import cents_to_dollars

PERCENT_MAX = 1_000_000


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What other services announced last about one campaign.

    `version` grows with every change of any part; whoever has a higher one is newer.
    """

    slug: CampaignSlug
    version: int = 0
    definition_version: int = 0
    stock: StockChanged | None = None
    totals: TotalsChanged | None = None
    closing: CampaignClosed | None = None
    settled_at: datetime | None = None
    cancelled_at: datetime | None = None


def stock_of(definition: CampaignDefinition, figures: Figures) -> dict[str, LiveTier]:
    """Return the stock of every limited tier; one nobody reported yet is untouched."""
    reported = figures.stock.tiers if figures.stock else {}
    found: dict[str, LiveTier] = {}
    for tier in definition.tiers:
        level = _level(tier.limit_total, reported.get(tier.tier_id))
        if level is not None:
            found[tier.tier_id] = _left(level, is_closed=tier.is_sold_out)
    return found


def add_on_stock_of(
    products: Iterable[AddOn], reported: Mapping[str, StockLevel]
) -> dict[str, LiveTier]:
    """Return the stock of every limited product, or of each limited variant of one.

    By its name in a cart, without `addon__`; one nobody reported yet is untouched.
    """
    found: dict[str, LiveTier] = {}
    for product in products:
        limits = {
            f"{product.product_id}__variant__{each.variant_id}": each.inventory
            for each in product.variants
        } or {product.product_id: product.inventory}
        for name, limit in limits.items():
            level = _level(limit, reported.get(name))
            if level is not None:
                found[name] = _left(level, is_closed=False)
    return found


def _level(limit: int | None, reported: StockLevel | None) -> StockLevel | None:
    """Return what was reported: an operator may have limited what its author did not."""
    if reported is not None or limit is None:
        return reported
    return StockLevel(limit_total=limit, claimed=0, reserved=0)


def _left(level: StockLevel, *, is_closed: bool) -> LiveTier:
    left = 0 if is_closed else level.limit_total - level.claimed - level.reserved
    return LiveTier(
        limit=level.limit_total,
        claimed=level.claimed,
        reserved=level.reserved,
        remaining=max(0, left),
    )


def effective_state(
    definition: CampaignDefinition, figures: Figures, now: datetime
) -> EffectiveState:
    """Return how the campaign stands: after the deadline it is `closing` until counted."""
    if figures.closing is not None or figures.cancelled_at is not None:
        return "post"
    state = definition.state_at(now)
    return "closing" if state == "post" else state


def is_funded(definition: CampaignDefinition, figures: Figures) -> bool:
    """Return the final count's word, before it what the figures say now."""
    if figures.cancelled_at is not None:
        return False
    if figures.closing is not None:
        return figures.closing.is_funded
    pledged = figures.totals.pledged_cents if figures.totals else 0
    return 0 < definition.goal_cents <= pledged


def is_charged(definition: CampaignDefinition, figures: Figures) -> bool:
    """Tell whether nothing of a funded campaign is left to be charged."""
    return definition.is_charged or figures.settled_at is not None


def snapshot(definition: CampaignDefinition, figures: Figures, now: datetime) -> LiveSnapshot:
    """Return the public snapshot: what `GET /live/{slug}` answers and SSE pushes."""
    totals = figures.totals
    pledged = totals.pledged_cents if totals else 0
    goal = definition.goal_cents
    return LiveSnapshot(
        campaign=LiveCampaign(
            slug=definition.slug,
            title=definition.title,
            effective_state=effective_state(definition, figures, now),
            funded=is_funded(definition, figures),
            charged=is_charged(definition, figures),
            cancelled=figures.cancelled_at is not None,
            starts_at=definition.starts_at,
            deadline=definition.deadline_at,
        ),
        stats=LiveStats(
            pledged_amount=pledged,
            pledge_count=totals.pledge_count if totals else 0,
            tier_counts=dict(totals.tier_counts) if totals else {},
            support_items=dict(totals.support_item_cents) if totals else {},
            goal_amount=cents_to_dollars(goal),
            # Never rounded up: 99.9 % must not be shown as reached.
            percent_funded=min(PERCENT_MAX, pledged * 100 // goal) if goal else 0,
            collected_amount=totals.collected_cents if totals else 0,
            recovering_amount=totals.recovering_cents if totals else 0,
            lost_amount=totals.lost_cents if totals else 0,
            late_support_amount=totals.late_support_cents if totals else 0,
            returned_amount=totals.returned_cents if totals else 0,
            updated_at=totals.occurred_at if totals else None,
            supporter_count=totals.supporter_count if totals else 0,
        ),
        inventory=LiveInventory(
            tiers=stock_of(definition, figures),
            add_ons=add_on_stock_of(
                definition.add_ons, figures.stock.add_ons if figures.stock else {}
            ),
        ),
        version=figures.version,
        server_time=now,
    )
