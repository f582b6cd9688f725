"""Generated carts as the service prices them, the made-up carrier's answers included."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from contracts.campaign import AddOn, CampaignDefinition, PlatformDefinition
from contracts.ids import CampaignSlug, OrderId
from contracts.money import Cents
from contracts.pricing import PricedLine, PricedPledge
from services.checkout.cart import KnownCampaign, WantedItem, understand
from services.checkout.parcels import loads_of
from services.checkout.pricing import price, price_cart
from services.checkout.shipping import (
    AWAY,
    CarrierAnswer,
    Delivery,
    RateRequest,
    Terms,
    requests_of,
)
from tests.checkout.generated import address_of, carrier
from tests.checkout.oracle import Data

ORDER = OrderId("pool-intent-0123456789abcdef0123456789abcdef")


def priced(
    cart: Data,
    definitions: dict[CampaignSlug, CampaignDefinition],
    platform: PlatformDefinition,
) -> Sequence[PricedPledge]:
    """Return the cart as the service prices it, its carrier's answers included."""
    delivery = Delivery(
        destination=address_of(cart["to"]),
        billing=address_of(cart["billing"]),
        option=cart["option"],
        has_carrier=True,
    )
    pledges = _priced(cart, definitions, platform, delivery)
    postage = {
        request: answer(request)
        for pledge in pledges
        for request in _questions(pledge, definitions, platform, delivery)
    }
    return _priced(cart, definitions, platform, msgspec.structs.replace(delivery, postage=postage))


def answer(request: RateRequest) -> CarrierAnswer:
    parcel = request.parcel
    sides = (Fraction(parcel.length_in), Fraction(parcel.width_in), Fraction(parcel.height_in))
    cents = carrier(request.country, request.postal_code, Fraction(parcel.pounds), sides)
    return AWAY if cents is None else CarrierAnswer(kind="price", cents=Cents(cents))


def _priced(
    cart: Data,
    definitions: dict[CampaignSlug, CampaignDefinition],
    platform: PlatformDefinition,
    delivery: Delivery,
) -> Sequence[PricedPledge]:
    wanted = [
        WantedItem(
            id=item["id"],
            quantity=item.get("quantity", 1),
            amount=Decimal(item["amount"]) if "amount" in item else None,
        )
        for item in cart["items"]
        if not item["id"].startswith("addon__")
    ]
    known = {
        slug: KnownCampaign(
            definition=definition, is_drained=False, pledged_cents=0, now=definition.starts_at
        )
        for slug, definition in definitions.items()
    }
    pledges = price_cart(
        understand(wanted),
        known,
        order_id=ORDER,
        platform=platform,
        tip_percent=cart["tip"],
        delivery=delivery,
    )
    extras = _extras(cart, [pledge.campaign for pledge in pledges], definitions, platform)
    return [
        msgspec.structs.replace(
            pledge,
            lines=(lines := (*pledge.lines, *extras.get(pledge.campaign, ()))),
            price=price(
                lines,
                definition=definitions[pledge.campaign],
                platform=platform,
                tip_percent=cart["tip"],
                delivery=delivery,
            ),
        )
        for pledge in pledges
    ]


def _questions(
    pledge: PricedPledge,
    definitions: dict[CampaignSlug, CampaignDefinition],
    platform: PlatformDefinition,
    delivery: Delivery,
) -> list[RateRequest]:
    definition = definitions[pledge.campaign]
    return requests_of(
        loads_of(pledge.lines, definition=definition, platform=platform),
        definition=definition,
        terms=Terms(platform=platform, delivery=delivery),
    )


def _extras(
    cart: Data,
    slugs: list[CampaignSlug],
    definitions: dict[CampaignSlug, CampaignDefinition],
    platform: PlatformDefinition,
) -> dict[CampaignSlug, list[PricedLine]]:
    anchor = cart["anchor"] if cart["anchor"] in slugs else min(slugs)
    shelves: dict[str, tuple[CampaignSlug, AddOn, bool]] = {
        product.product_id: (CampaignSlug(anchor), product, False) for product in platform.add_ons
    }
    for slug, definition in definitions.items():
        shelves |= {product.product_id: (slug, product, True) for product in definition.add_ons}
    found: dict[CampaignSlug, list[PricedLine]] = {}
    for item in cart["items"]:
        if item["id"].startswith("addon__"):
            rest = item["id"].removeprefix("addon__")
            product_id, _, variant_id = rest.partition("__variant__")
            slug, product, counts = shelves[product_id]
            own = {each.variant_id: each.price_cents for each in product.variants}.get(variant_id)
            cents = product.price_cents if own is None else own
            found.setdefault(slug, []).append(
                PricedLine(
                    kind="add_on",
                    item_id=product_id,
                    variant_id=variant_id or None,
                    label=product.name,
                    quantity=item["quantity"],
                    unit_cents=cents,
                    total_cents=Cents(cents * item["quantity"]),
                    counts_toward_goal=counts,
                    is_physical=product.category == "physical",
                )
            )
    return found
