"""Campaigns, platforms and parcels to price, without a database."""

from typing import Any

import msgspec

from contracts.campaign import AddOn, CampaignDefinition, CarrierRules, PlatformDefinition
from contracts.money import Cents
from contracts.pricing import Address, PriceBreakdown, PricedLine, Why
from services.checkout.domain.parcels import loads_of
from services.checkout.domain.pricing import price
from services.checkout.domain.shipping import (
    CarrierRate,
    Delivery,
    RateRequest,
    Terms,
    requests_of,
)
from tests.checkout.samples import a_campaign, a_tier

HOME = Address(
    name="Noor Valdecasas",
    address1="1 Main St",
    city="Albuquerque",
    province="NM",
    postal_code="87101",
    country="US",
)
BERLIN = Address(name="Noor", address1="Weg 1", city="Berlin", postal_code="10115", country="DE")
SHIRT = AddOn(product_id="shirt", name="Shirt", price_cents=Cents(2_500), shipping_preset="tshirt")
LIVE = CarrierRules(is_enabled=True)


def a_platform(**facts: Any) -> PlatformDefinition:
    """Return the platform's defaults with changes."""
    return PlatformDefinition(version=7, **facts)


def a_line(item_id: str = "frame", **facts: Any) -> PricedLine:
    """Return one $50 tier, in no parcel."""
    given: dict[str, Any] = {"kind": "tier", "label": "A thing", "quantity": 1, **facts}
    unit = given.pop("unit_cents", 5_000)
    total = given.pop("total_cents", unit * given["quantity"])
    return PricedLine(item_id=item_id, unit_cents=Cents(unit), total_cents=Cents(total), **given)


def a_film(**facts: Any) -> CampaignDefinition:
    """Return a campaign with a poster and a digital frame."""
    poster = a_tier("poster", category="physical", shipping_preset="poster")
    given: dict[str, Any] = {"tiers": (a_tier(), poster), **facts}
    return a_campaign("film", **given)


def posted(*lines: PricedLine, **facts: Any) -> PriceBreakdown:
    """Return the price of lines, by default one posted poster with nobody to ask.

    `quoted` is what the carrier says to every question: cents, or an answer.
    """
    definition: CampaignDefinition = facts.pop("film", None) or a_film()
    platform: PlatformDefinition = facts.pop("platform", None) or a_platform()
    tip: int = facts.pop("tip", 5)
    quoted = facts.pop("quoted", None)
    delivery = Delivery(**{"destination": HOME, "has_carrier": quoted is not None, **facts})
    chosen = lines or (a_line("poster", is_physical=True),)
    if quoted is not None:
        answer = quoted if isinstance(quoted, CarrierRate) else a_rate(quoted)
        requests = asked(*chosen, film=definition, platform=platform, delivery=delivery)
        delivery = msgspec.structs.replace(delivery, postage=dict.fromkeys(requests, answer))
    return price(
        chosen, definition=definition, platform=platform, tip_percent=tip, delivery=delivery
    )


def asked(
    *lines: PricedLine,
    film: CampaignDefinition,
    platform: PlatformDefinition,
    delivery: Delivery,
) -> list[RateRequest]:
    """Return what the carrier would be asked for these lines."""
    return requests_of(
        loads_of(lines, definition=film, platform=platform),
        definition=film,
        terms=Terms(platform=platform, delivery=delivery),
    )


def a_rate(cents: int) -> CarrierRate:
    """Return the carrier's price."""
    return CarrierRate(kind="price", cents=Cents(cents), service="USPS_GROUND_ADVANTAGE")


def reasons(price: PriceBreakdown, figure: str) -> list[Why]:
    """Return why a figure is what it is."""
    return [why for why in price.why if why.figure == figure]


def figures(price: PriceBreakdown) -> tuple[int, int, int, int, int]:
    """Return subtotal, tax, shipping, tip and total."""
    return (
        price.subtotal_cents,
        price.tax_cents,
        price.shipping_cents,
        price.tip_cents,
        price.total_cents,
    )
