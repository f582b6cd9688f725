"""Scarce units: what is limited, what is left, and how to say that nothing is. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from contracts.campaign import AddOn, CampaignDefinition
from contracts.events.checkout import StockLevel
from contracts.ids import CampaignSlug
from contracts.pricing import PricedLine, PricedPledge
from contracts.refusals import StateRefused

PLATFORM_SHELF = "@platform"
"""Whose stock the platform's own products are; a campaign's are on the shelf of its slug."""

ThingKind = Literal["tier", "add_on"]


class Thing(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Something that can be limited. Sorts as its rows do: the order in which they are locked.

    `variant_id` is empty where there are no variants.
    """

    shelf: str
    kind: ThingKind
    item_id: str
    variant_id: str = ""

    @property
    def name(self) -> str:
        """Return what it is called among its kind: an add-on as in a cart, without `addon__`."""
        return named(self.item_id, self.variant_id)


class Units(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """So many of one thing, for the pledge to one campaign."""

    thing: Thing
    campaign: CampaignSlug
    quantity: int


class Limited(msgspec.Struct, frozen=True, kw_only=True):
    """A thing of a definition and its author's limit; None is no limit."""

    thing: Thing
    limit_total: int | None


class Levels(msgspec.Struct, frozen=True, kw_only=True):
    """The stock of a shelf: every limited tier and add-on by its name."""

    tiers: dict[str, StockLevel] = {}
    add_ons: dict[str, StockLevel] = {}

    def __bool__(self) -> bool:
        return bool(self.tiers or self.add_ons)


def named(item_id: str, variant_id: str | None) -> str:
    """Return an add-on's name as in a cart, without `addon__`."""
    return f"{item_id}__variant__{variant_id}" if variant_id else item_id


def units_of(pledges: Iterable[PricedPledge]) -> list[Units]:
    """Return the units in an order, in the one order in which rows are locked."""
    found = [each for pledge in pledges for each in units_in(pledge.campaign, pledge.lines)]
    return sorted(found)


def units_in(campaign: CampaignSlug, lines: Iterable[PricedLine]) -> list[Units]:
    """Return the units in one pledge's lines, each thing once."""
    counts: Counter[Thing] = Counter()
    for line in lines:
        thing = _thing_of(campaign, line)
        if thing is not None:
            counts[thing] += line.quantity
    return [
        Units(thing=thing, campaign=campaign, quantity=quantity)
        for thing, quantity in sorted(counts.items())
    ]


def increase(before: Sequence[Units], after: Sequence[Units]) -> list[Units]:
    """Return what `after` has more than `before`, both of one pledge."""
    had = {each.thing: each.quantity for each in before}
    return [
        msgspec.structs.replace(each, quantity=each.quantity - had.get(each.thing, 0))
        for each in after
        if each.quantity > had.get(each.thing, 0)
    ]


def things_of(definition: CampaignDefinition) -> list[Limited]:
    """Return what of a campaign can be limited. A tier's limit of 0 is no limit."""
    shelf = definition.slug
    tiers = [
        Limited(
            thing=Thing(shelf=shelf, kind="tier", item_id=tier.tier_id),
            limit_total=tier.limit_total or None,
        )
        for tier in definition.tiers
    ]
    return [*tiers, *add_ons_of(shelf, definition.add_ons)]


def add_ons_of(shelf: str, products: Iterable[AddOn]) -> list[Limited]:
    """Return each product, or each of its variants. An inventory of 0 is a limit: none left."""
    return [
        Limited(
            thing=Thing(
                shelf=shelf, kind="add_on", item_id=product.product_id, variant_id=variant_id
            ),
            limit_total=inventory,
        )
        for product in products
        for variant_id, inventory in (
            [(each.variant_id, each.inventory) for each in product.variants]
            or [("", product.inventory)]
        )
    ]


def remaining(level: StockLevel) -> int:
    """Return how many can still be had. A limit lowered below what is held leaves none."""
    return max(0, level.limit_total - level.claimed - level.reserved)


def sold_out(units: Units, left: int) -> StateRefused:
    """Return the refusal that says how many are left."""
    thing = units.thing
    what = "tier" if thing.kind == "tier" else "add-on"
    where: dict[str, Any] = {"campaignSlug": units.campaign, "remaining": left}
    where["tierId" if thing.kind == "tier" else "productId"] = thing.item_id
    if thing.variant_id:
        where["variantId"] = thing.variant_id
    return StateRefused(
        "sold_out",
        f"This {what} is sold out." if left == 0 else f"Only {left} of this {what} are left.",
        **where,
    )


def _thing_of(campaign: CampaignSlug, line: PricedLine) -> Thing | None:
    if line.kind == "tier":
        return Thing(shelf=campaign, kind="tier", item_id=line.item_id)
    if line.kind == "add_on":
        # What does not count toward the goal is the platform's own.
        return Thing(
            shelf=campaign if line.counts_toward_goal else PLATFORM_SHELF,
            kind="add_on",
            item_id=line.item_id,
            variant_id=line.variant_id or "",
        )
    return None
