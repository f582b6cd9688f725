"""Generated carts as the service prices them, the made-up carrier's answers included."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import msgspec

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.ids import CampaignSlug, OrderId
from contracts.money import Cents
from contracts.pricing import PricedPledge
from services.checkout.domain.add_ons import place
from services.checkout.domain.cart import KnownCampaign, WantedItem, understand
from services.checkout.domain.pricing import price_cart
from services.checkout.domain.shipping import AWAY, CarrierRate, Delivery, RateRequest
from services.checkout.handlers.price_cart import PricedCart
from tests.checkout.generated import address_of, carrier
from tests.checkout.oracle import Data

ORDER = OrderId("pool-intent-0123456789abcdef0123456789abcdef")


def priced(
    cart: Data,
    definitions: Mapping[CampaignSlug, CampaignDefinition],
    platform: PlatformDefinition,
) -> tuple[PricedPledge, ...]:
    """Return the cart's pledges: priced, the carrier asked, and priced with what it said."""
    delivery = Delivery(
        destination=address_of(cart["to"]),
        billing=address_of(cart["billing"]),
        option=cart["option"],
        has_carrier=True,
    )
    known = {
        slug: KnownCampaign(
            definition=definition, is_drained=False, pledged_cents=0, now=definition.starts_at
        )
        for slug, definition in definitions.items()
    }
    first = PricedCart(
        pledges=price_cart(
            place(understand(_wanted(cart)), known, platform, anchor=cart["anchor"]),
            known,
            order_id=ORDER,
            platform=platform,
            tip_percent=cart["tip"],
            delivery=delivery,
        ),
        known=known,
        platform=platform,
        delivery=delivery,
        now=next(iter(known.values())).now,
    )
    postage = {request: answer(request) for request in first.rate_requests}
    return first.with_delivery(msgspec.structs.replace(delivery, postage=postage)).pledges


def answer(request: RateRequest) -> CarrierRate:
    """Return what the made-up carrier says to a question."""
    parcel = request.parcel
    sides = (Fraction(parcel.length_in), Fraction(parcel.width_in), Fraction(parcel.height_in))
    is_media = request.classes[:1] == ("MEDIA_MAIL",)
    pounds = Fraction(parcel.pounds)
    cents = carrier(request.country, request.postal_code, pounds, sides, is_media)
    return AWAY if cents is None else CarrierRate(kind="price", cents=Cents(cents))


def _wanted(cart: Data) -> list[WantedItem]:
    return [
        WantedItem(
            id=item["id"],
            quantity=item.get("quantity", 1),
            amount=Decimal(item["amount"]) if "amount" in item else None,
        )
        for item in cart["items"]
    ]
