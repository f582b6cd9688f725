"""The cart made canonical: item ids in, what they name out. Pure.

Only ids, quantities, answers, and amounts of money a supporter chose are read from what a
browser sends; names and prices come from definitions. Source: product rules 3.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from contracts.campaign import AddOn, CampaignDefinition
from contracts.ids import CampaignSlug, is_slug
from contracts.pricing import LineKind
from contracts.refusals import InputRefused
from services.checkout.domain.questions import Answer

QUANTITY_MAX = 1_000
ITEMS_MAX = 200
ANSWERS_MAX = 50
ADD_ON = "addon"
VARIANT = "__variant__"
SUPPORT = "support__"
CUSTOM = "custom-support"


class WantedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a cart as a browser sends it. Whatever else it carries is not read."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=250)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)] = 1
    # Dollars, for support items and custom support.
    amount: Decimal | None = None
    # Answers to the questions of a tier, by the question's name.
    fields: Annotated[dict[str, Answer], msgspec.Meta(max_length=ANSWERS_MAX)] = {}


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One item understood: what it names, and which field to blame.

    An add-on's product is found, and its campaign decided, when it is placed.
    """

    kind: LineKind
    campaign: CampaignSlug
    item_id: str
    field: str
    quantity: int
    amount: Decimal | None = None
    answers: dict[str, Answer] = {}
    variant_id: str = ""
    product: AddOn | None = None
    counts_toward_goal: bool = True


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    """A cart understood: the choices by campaign, sorted by slug, and its add-ons."""

    by_campaign: dict[CampaignSlug, list[Choice]]
    add_ons: tuple[Choice, ...]


class KnownCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """What checkout knows about a campaign at one instant.

    `is_settled` once it was funded and nothing of it is left to be charged.
    """

    definition: CampaignDefinition
    is_drained: bool
    pledged_cents: int
    now: datetime
    is_settled: bool = False


def understand(items: Sequence[WantedItem]) -> Cart:
    """Return what the items name. Refuses ids that name nothing we sell.

    The slug inside an item's id is the truth: no other field can move it elsewhere.
    """
    choices = [_understood(index, item) for index, item in enumerate(items)]
    if not choices:
        raise InputRefused("empty_cart", "The cart is empty.", fields={"items": "nothing chosen"})
    add_ons = tuple(choice for choice in choices if choice.kind == "add_on")
    if len(add_ons) == len(choices):
        raise InputRefused(
            "only_add_ons",
            "Add-ons come with a pledge: choose something of a campaign first.",
            fields={"items": "nothing but add-ons"},
        )
    require_no_repeats(add_ons, "The same add-on is in the cart twice.")
    by_campaign: dict[CampaignSlug, list[Choice]] = {}
    for choice in choices:
        if choice.kind != "add_on":
            by_campaign.setdefault(choice.campaign, []).append(choice)
    return Cart(
        by_campaign={slug: by_campaign[slug] for slug in sorted(by_campaign)}, add_ons=add_ons
    )


def require_no_repeats(choices: Sequence[Choice], message: str) -> None:
    """Refuse what is chosen twice, be it in two variants."""
    seen: set[str] = set()
    for choice in choices:
        if choice.item_id in seen:
            raise InputRefused(
                "duplicate_item", message, fields={choice.field: "already in the cart"}
            )
        seen.add(choice.item_id)


def unknown_item(field: str) -> InputRefused:
    """Return the refusal for an id that names nothing we sell."""
    return InputRefused(
        "unknown_item", "There is no such item.", fields={field: "names nothing that can be had"}
    )


def beside(field: str, name: str) -> str:
    """Return the field of that name in the same item."""
    return f"{field.rpartition('.')[0]}.{name}"


def _understood(index: int, item: WantedItem) -> Choice:
    field = f"items[{index}].id"
    slug, divider, rest = item.id.partition("__")
    if not divider or not is_slug(slug):
        raise unknown_item(field)
    kind: LineKind = "tier"
    variant_id, has_variant = "", ""
    # `addon__…` names a product beside the tiers, whatever a campaign may be called.
    if slug == ADD_ON:
        kind, slug = "add_on", ""
        rest, has_variant, variant_id = rest.partition(VARIANT)
    elif rest == CUSTOM:
        kind = "custom_amount"
    elif rest.startswith(SUPPORT):
        kind, rest = "support_item", rest.removeprefix(SUPPORT)
    if not is_slug(rest) or (has_variant and not is_slug(variant_id)):
        raise unknown_item(field)
    return Choice(
        kind=kind,
        campaign=CampaignSlug(slug),
        item_id=rest,
        field=field,
        quantity=item.quantity,
        amount=item.amount,
        answers=item.fields,
        variant_id=variant_id,
    )
