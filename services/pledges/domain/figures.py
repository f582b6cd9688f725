"""Figures: what pledges add up to, and where three independent sums disagree."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from contracts.ids import CampaignSlug
from contracts.live import EffectiveState
from contracts.pricing import PricedLine


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """A sum over pledges, or one change's share of it (then negative figures occur).

    `pledged_cents`, `collected_cents`, `recovering_cents`, `lost_cents` and `returned_cents`
    (collected, and given back since) count toward the goal: tip, tax, shipping and platform
    add-ons are charged, and never in them. So does `late_support_cents`, which is paid
    support after the end, and in no other figure.
    """

    pledge_count: int = 0
    supporter_count: int = 0
    pledged_cents: int = 0
    subtotal_cents: int = 0
    shipping_cents: int = 0
    tax_cents: int = 0
    tip_cents: int = 0
    total_cents: int = 0
    collected_cents: int = 0
    recovering_cents: int = 0
    lost_cents: int = 0
    returned_cents: int = 0
    late_support_cents: int = 0
    tier_counts: dict[str, int] = {}
    support_item_cents: dict[str, int] = {}

    def __add__(self, other: "Figures") -> "Figures":
        sums: dict[str, Any] = {
            name: getattr(self, name) + getattr(other, name) for name in NUMBERS
        }
        for name in COUNTS_BY_ITEM:
            sums[name] = add_counts(getattr(self, name), getattr(other, name))
        return Figures(**sums)

    def __neg__(self) -> "Figures":
        negated: dict[str, Any] = {name: -getattr(self, name) for name in NUMBERS}
        for name in COUNTS_BY_ITEM:
            negated[name] = {item: -count for item, count in getattr(self, name).items()}
        return Figures(**negated)


COUNTS_BY_ITEM = ("tier_counts", "support_item_cents")
NUMBERS = tuple(name for name in Figures.__struct_fields__ if name not in COUNTS_BY_ITEM)


class Totals(Figures, frozen=True, kw_only=True):
    """The stored figures of a campaign, as of `version`."""

    campaign: CampaignSlug
    version: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One figure on which history, pledges and totals do not agree."""

    what: str
    history: int | str | None
    pledges: int | str | None
    totals: int | str | None = None


class CampaignCheck(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a campaign's three sums agree, and where not."""

    campaign_slug: CampaignSlug
    in_sync: bool
    differences: tuple[Difference, ...]


class ProjectionCheck(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The check of one or all campaigns."""

    in_sync: bool
    campaigns: tuple[CampaignCheck, ...]


class Correction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a recalculation did, and how the sums stand after it."""

    campaign_slug: CampaignSlug
    corrected: bool
    version: int
    in_sync: bool
    differences: tuple[Difference, ...]


class IndexRebuilt(Correction, frozen=True, kw_only=True, rename="camel"):
    """The same, and how many pledges of the campaign are not cancelled."""

    indexed: int


class Stats(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The public figures of `GET /stats/{slug}`: cents, but the goal is in dollars."""

    campaign_slug: CampaignSlug
    pledged_amount: int
    pledge_count: int
    supporter_count: int
    tier_counts: dict[str, int]
    support_items: dict[str, int]
    goal_amount: int | float
    goal_deadline: datetime
    state: EffectiveState
    funded: bool
    percent_funded: int
    collected_amount: int
    recovering_amount: int
    lost_amount: int
    returned_amount: int
    late_support_amount: int
    version: int
    updated_at: datetime | None


def add_counts(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Return the sums by item, without those that came to nothing."""
    total = Counter(one)
    total.update(other)
    return {item: count for item, count in sorted(total.items()) if count}


def tier_counts(lines: Iterable[PricedLine]) -> dict[str, int]:
    """Return how many of each tier the lines hold."""
    counts: Counter[str] = Counter()
    for line in lines:
        if line.kind == "tier":
            counts[line.item_id] += line.quantity
    return dict(counts)


def support_item_cents(lines: Iterable[PricedLine]) -> dict[str, int]:
    """Return how much the lines give to each part of the budget."""
    cents: Counter[str] = Counter()
    for line in lines:
        if line.kind == "support_item":
            cents[line.item_id] += line.total_cents
    return dict(cents)


def percent_funded(pledged_cents: int, goal_cents: int) -> int:
    """Return pledged as a percentage of the goal, half up. No goal is never reached.

    >>> percent_funded(380_000, 2_500_000)  # 15.2
    15
    """
    if goal_cents <= 0:
        return 0
    return (200 * pledged_cents + goal_cents) // (2 * goal_cents)


def compare(history: Figures, pledges: Figures, totals: Figures) -> list[Difference]:
    """Return every figure on which the three sums differ."""
    found: list[Difference] = []
    for name in NUMBERS:
        values = [getattr(each, name) for each in (history, pledges, totals)]
        found += _differing(name, values)
    for name in COUNTS_BY_ITEM:
        by_item = [getattr(each, name) for each in (history, pledges, totals)]
        for item in sorted(set().union(*by_item)):
            found += _differing(f"{name}.{item}", [each.get(item, 0) for each in by_item])
    return found


def _differing(what: str, values: list[int]) -> list[Difference]:
    if len(set(values)) == 1:
        return []
    history, pledges, totals = values
    return [Difference(what=what, history=history, pledges=pledges, totals=totals)]
