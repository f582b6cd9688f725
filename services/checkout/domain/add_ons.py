"""Where an add-on belongs: to the campaign that sells it, or to the one that anchors it. Pure.

Product ids are unique across the platform. A campaign's own products count toward its
goal; the platform's go with one campaign of the cart and don't. Source: product rules 3.5.
"""

from collections.abc import Mapping

import msgspec

from contracts.campaign import AddOn, AddOnVariant, PlatformDefinition
from contracts.ids import CampaignSlug
from contracts.money import Cents
from contracts.pricing import PricedLine
from contracts.refusals import InputRefused
from services.checkout.domain.cart import Cart, Choice, KnownCampaign, unknown_item

Placed = dict[CampaignSlug, list[Choice]]


def place(
    cart: Cart,
    campaigns: Mapping[CampaignSlug, KnownCampaign],
    platform: PlatformDefinition,
    *,
    anchor: str | None = None,
) -> Placed:
    """Return every choice with the campaign whose pledge it is a part of, sorted by slug.

    `anchor` is the campaign wished for the platform's products; one that is not in the cart
    is the first there by its slug. Refuses a product nobody in the cart sells.
    """
    placed: Placed = {slug: list(choices) for slug, choices in cart.by_campaign.items()}
    slugs = list(placed)
    anchored = next((slug for slug in slugs if slug == anchor), slugs[0])
    for choice in cart.add_ons:
        seller = _seller(choice, slugs, campaigns) or anchored
        placed[seller].append(found(choice, seller, campaigns.get(seller), platform))
    return placed


def found(
    choice: Choice,
    slug: CampaignSlug,
    campaign: KnownCampaign | None,
    platform: PlatformDefinition,
) -> Choice:
    """Return the choice with its product: the campaign's own, else the platform's, or refuse."""
    own = _named(choice.item_id, campaign.definition.add_ons) if campaign else None
    product = own or _platforms(choice, platform)
    _require_variant(choice, product)
    return msgspec.structs.replace(
        choice, campaign=slug, product=product, counts_toward_goal=own is not None
    )


def _platforms(choice: Choice, platform: PlatformDefinition) -> AddOn:
    products = platform.add_ons if platform.add_ons_enabled else ()
    product = _named(choice.item_id, products)
    if product is None:
        raise InputRefused(
            "unknown_item",
            "There is no such add-on, or its campaign is not in the cart.",
            fields={choice.field: "is sold by nobody in the cart"},
        )
    return product


def _require_variant(choice: Choice, product: AddOn) -> None:
    """Refuse a variant there is not, and none where one must be chosen."""
    if product.variants and not choice.variant_id:
        raise InputRefused(
            "variant_needed",
            "This add-on comes in several variants: choose one.",
            fields={choice.field: f"one of: {', '.join(v.variant_id for v in product.variants)}"},
        )
    if choice.variant_id and variant_of(product, choice.variant_id) is None:
        raise unknown_item(choice.field)


def add_on_line(choice: Choice) -> PricedLine:
    """Return the line of a placed add-on. A variant's own price of 0 is a price."""
    product = choice.product
    assert product is not None, "add-ons are placed before they are priced"
    variant = variant_of(product, choice.variant_id)
    unit_cents, label = product.price_cents, product.name
    if variant is not None:
        label = f"{product.name}, {variant.label}"
        unit_cents = product.price_cents if variant.price_cents is None else variant.price_cents
    return PricedLine(
        kind="add_on",
        item_id=product.product_id,
        variant_id=choice.variant_id or None,
        label=label,
        quantity=choice.quantity,
        unit_cents=unit_cents,
        total_cents=Cents(unit_cents * choice.quantity),
        counts_toward_goal=choice.counts_toward_goal,
        is_physical=product.category == "physical",
    )


def variant_of(product: AddOn, variant_id: str) -> AddOnVariant | None:
    """Return the product's variant of that id, if there is one."""
    return next((each for each in product.variants if each.variant_id == variant_id), None)


def _seller(
    choice: Choice,
    slugs: list[CampaignSlug],
    campaigns: Mapping[CampaignSlug, KnownCampaign],
) -> CampaignSlug | None:
    for slug in slugs:
        campaign = campaigns.get(slug)
        if campaign and _named(choice.item_id, campaign.definition.add_ons):
            return slug
    return None


def _named(product_id: str, products: tuple[AddOn, ...]) -> AddOn | None:
    return next((each for each in products if each.product_id == product_id), None)
