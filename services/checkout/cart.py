"""The cart made canonical: item ids in, campaign lines out. Pure.

Only ids, quantities, and amounts of money a supporter chose are read from what a browser
sends; names and prices come from the campaign's definition. Source: product rules 3.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from contracts.campaign import CampaignDefinition, Tier
from contracts.ids import CampaignSlug, is_slug
from contracts.money import Cents, dollars_to_cents
from contracts.pricing import PricedLine
from contracts.refusals import InputRefused, StateRefused

QUANTITY_MAX = 1_000
ITEMS_MAX = 200
ADD_ON = "addon"
SUPPORT = "support__"
CUSTOM = "custom-support"
CUSTOM_LABEL = "Custom support"
SUBTOTAL_MAX = 100_000_000


class WantedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a cart as a browser sends it. Whatever else it carries is not read."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=250)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)] = 1
    # Dollars, for support items and custom support.
    amount: Decimal | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One item understood: what it names, and which field to blame."""

    kind: Literal["tier", "support_item", "custom_amount"]
    campaign: CampaignSlug
    item_id: str
    field: str
    quantity: int
    amount: Decimal | None


class KnownCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """What checkout knows about a campaign at one instant."""

    definition: CampaignDefinition
    is_drained: bool
    pledged_cents: int
    now: datetime


def understand(items: Sequence[WantedItem]) -> dict[CampaignSlug, list[Choice]]:
    """Return the cart by campaign, sorted by slug. Refuses ids that name nothing we sell.

    The slug inside an item's id is the truth: no other field can move it elsewhere.
    """
    by_campaign: dict[CampaignSlug, list[Choice]] = {}
    for index, item in enumerate(items):
        choice = _understood(index, item)
        by_campaign.setdefault(choice.campaign, []).append(choice)
    if not by_campaign:
        raise InputRefused("empty_cart", "The cart is empty.", fields={"items": "nothing chosen"})
    return {slug: by_campaign[slug] for slug in sorted(by_campaign)}


def lines_for(campaign: KnownCampaign, choices: Sequence[Choice]) -> tuple[PricedLine, ...]:
    """Return one campaign's lines at today's prices, or refuse.

    Order of the checks as in product rules 3.2: the campaign, its tiers, what they add up
    to, their gates. Whether units are left is decided where they are reserved.
    """
    definition = campaign.definition
    require_accepting(campaign)
    tiers = [choice for choice in choices if choice.kind == "tier"]
    _require_no_repeats(tiers)
    chosen = [(choice, _tier(definition, choice)) for choice in tiers]
    if definition.single_tier_only and len(tiers) > 1:
        raise InputRefused(
            "single_tier_only",
            "This campaign takes one tier per pledge.",
            fields={tiers[1].field: "one tier per pledge"},
        )
    lines = [_tier_line(choice, tier) for choice, tier in chosen]
    lines += _support_lines(definition, choices)
    lines += _custom_line(choices)
    _require_subtotal(lines, choices)
    for choice, tier in chosen:
        _require_open(campaign, choice, tier)
    return tuple(lines)


def require_accepting(campaign: KnownCampaign) -> None:
    """Refuse unless the campaign takes pledges at this instant.

    A drained campaign takes none, even if somebody moved the clock back: the ledger has
    been told which orders exist.
    """
    definition = campaign.definition
    state = definition.state_at(campaign.now)
    if state == "post" or campaign.is_drained:
        raise StateRefused(
            "deadline_passed", "This campaign has ended.", campaignSlug=definition.slug
        )
    if state == "upcoming" or definition.is_charged:
        raise StateRefused(
            "not_live", "This campaign takes no pledges now.", campaignSlug=definition.slug
        )


def unknown_item(field: str) -> InputRefused:
    """Return the refusal for an id that names nothing we sell."""
    return InputRefused(
        "unknown_item", "There is no such item.", fields={field: "names nothing that can be had"}
    )


def _understood(index: int, item: WantedItem) -> Choice:
    field = f"items[{index}].id"
    slug, divider, rest = item.id.partition("__")
    # `addon__…` names a product beside the tiers, whatever a campaign may be called.
    if not divider or not is_slug(slug) or slug == ADD_ON:
        raise unknown_item(field)
    campaign = CampaignSlug(slug)
    if rest == CUSTOM:
        kind: Literal["tier", "support_item", "custom_amount"] = "custom_amount"
    elif rest.startswith(SUPPORT):
        kind, rest = "support_item", rest.removeprefix(SUPPORT)
    else:
        kind = "tier"
    if not is_slug(rest):
        raise unknown_item(field)
    return Choice(
        kind=kind,
        campaign=campaign,
        item_id=rest,
        field=field,
        quantity=item.quantity,
        amount=item.amount,
    )


def _require_no_repeats(choices: Iterable[Choice]) -> None:
    seen: set[str] = set()
    for choice in choices:
        if choice.item_id in seen:
            raise InputRefused(
                "duplicate_item",
                "The same tier is in the cart twice.",
                fields={choice.field: "already in the cart"},
            )
        seen.add(choice.item_id)


def _tier(definition: CampaignDefinition, choice: Choice) -> Tier:
    tier = definition.tier(choice.item_id)
    if tier is None:
        raise unknown_item(choice.field)
    if choice.quantity > 1 and not tier.is_stackable:
        raise InputRefused(
            "not_stackable",
            "This tier can be taken once.",
            fields={choice.field.replace(".id", ".quantity"): "at most 1"},
        )
    return tier


def _tier_line(choice: Choice, tier: Tier) -> PricedLine:
    return PricedLine(
        kind="tier",
        item_id=tier.tier_id,
        label=tier.name,
        quantity=choice.quantity,
        unit_cents=tier.price_cents,
        total_cents=Cents(tier.price_cents * choice.quantity),
        is_physical=tier.category == "physical",
    )


def _support_lines(definition: CampaignDefinition, choices: Sequence[Choice]) -> list[PricedLine]:
    known = {item.item_id: item for item in definition.support_items}
    sums: dict[str, int] = {}
    for choice in choices:
        if choice.kind == "support_item":
            if choice.item_id not in known:
                raise unknown_item(choice.field)
            sums[choice.item_id] = sums.get(choice.item_id, 0) + _chosen_cents(choice)
    return [
        PricedLine(
            kind="support_item",
            item_id=item_id,
            label=known[item_id].label,
            quantity=1,
            unit_cents=Cents(cents),
            total_cents=Cents(cents),
            is_physical=known[item_id].category == "physical",
        )
        for item_id, cents in sums.items()
        if cents > 0
    ]


def _custom_line(choices: Sequence[Choice]) -> list[PricedLine]:
    cents = Cents(sum(_chosen_cents(each) for each in choices if each.kind == "custom_amount"))
    if cents == 0:
        return []
    return [
        PricedLine(
            kind="custom_amount",
            item_id=CUSTOM,
            label=CUSTOM_LABEL,
            quantity=1,
            unit_cents=cents,
            total_cents=cents,
        )
    ]


def _chosen_cents(choice: Choice) -> int:
    field = choice.field.replace(".id", ".amount")
    if choice.amount is None:
        raise InputRefused(
            "invalid_amount", "An amount is needed.", fields={field: "dollars, such as 25"}
        )
    try:
        return dollars_to_cents(choice.amount)
    except ValueError as exc:
        raise InputRefused(
            "invalid_amount", str(exc).capitalize(), fields={field: str(exc)}
        ) from exc


def _require_subtotal(lines: Sequence[PricedLine], choices: Sequence[Choice]) -> None:
    subtotal = sum(line.total_cents for line in lines)
    if not 0 < subtotal <= SUBTOTAL_MAX:
        problem = "a pledge is more than 0 and at most 1,000,000 dollars"
        raise InputRefused(
            "invalid_amount", problem.capitalize() + ".", fields={choices[0].field: problem}
        )


def _require_open(campaign: KnownCampaign, choice: Choice, tier: Tier) -> None:
    """Refuse a tier whose author closed it, or whose gate is still shut.

    A pledge does not help to open its own gate.
    """
    where = {"campaignSlug": campaign.definition.slug, "tierId": tier.tier_id}
    gate = tier.requires_threshold_cents or 0
    if campaign.pledged_cents < gate:
        raise StateRefused(
            "threshold_locked",
            "This tier opens when the campaign has reached its threshold.",
            fields={choice.field: "not open yet"},
            thresholdAmount=gate,
            **where,
        )
    if tier.is_sold_out:
        raise StateRefused(
            "sold_out",
            "This tier is sold out.",
            fields={choice.field: "sold out"},
            remaining=0,
            **where,
        )
