"""What posting costs, and by which rule. Pure: live prices are brought along.

Nothing physical, free, a country's own rate, the carrier's price, the flat rate: the first
that applies. Source: product rules 4.1; decisions "Cart, price, stock".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.money import Cents
from contracts.pricing import STANDARD, Address, QuoteState, Shipment, ShippingOptionId, Why
from services.checkout.domain.countries import DOMESTIC
from services.checkout.domain.parcels import Load, Parcel

SURCHARGES: dict[ShippingOptionId, Cents] = {
    "signature_required": Cents(395),
    "adult_signature_required": Cents(970),
}
ZIP = re.compile(r"(\d{5})(?:-?\d{4})?")
POSTAL_CODE = re.compile(r"[A-Z0-9][A-Z0-9 -]{0,15}")


class RateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the carrier is asked: the same question has the same answer for a while."""

    origin_zip: str
    country: str
    postal_code: str
    parcel: Parcel
    classes: tuple[str, ...]

    @property
    def is_domestic(self) -> bool:
        """Tell whether the carrier's own country's classes and options apply."""
        return self.country in DOMESTIC


class CarrierRate(msgspec.Struct, frozen=True, kw_only=True):
    """A price and its class; or that no class takes this parcel; or no answer."""

    kind: Literal["price", "none", "away"]
    cents: Cents = Cents(0)
    service: str = ""


Postage = Mapping[RateRequest, CarrierRate]
AWAY = CarrierRate(kind="away")


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Where a cart goes and how, and what the carrier said about it."""

    destination: Address | None = None
    billing: Address | None = None
    option: ShippingOptionId = STANDARD
    # Whether this deployment has an account at the carrier.
    has_carrier: bool = False
    postage: Postage = {}


NOWHERE_YET = Delivery()


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What decides about posting besides the campaign."""

    platform: PlatformDefinition
    delivery: Delivery = NOWHERE_YET


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel's price with its reasons; their `cents` add up to it."""

    shipment: Shipment
    why: tuple[Why, ...]


def ship(load: Load, *, definition: CampaignDefinition, terms: Terms) -> Posted:
    """Return what posting a load costs. A carrier's answer that is missing counts as none."""
    decided = _decide(load, definition, terms)
    if isinstance(decided, RateRequest):
        answer = terms.delivery.postage.get(decided, AWAY)
        if answer.kind == "price":
            return _live(load, decided, answer, definition, terms)
        is_away = answer.kind == "away"
        because = "carrier_away" if is_away else "no_service"
        refuses = is_away and terms.platform.carrier.when_away == "refuse"
        state: QuoteState = "provider_unavailable" if refuses else "fallback_used"
        decided = _flat(load, definition, terms, because=because, state=state)
    return _without_option(decided, terms, load)


def requests_of(
    loads: Sequence[Load], *, definition: CampaignDefinition, terms: Terms
) -> list[RateRequest]:
    """Return what the carrier has to be asked before these loads can be priced."""
    decided = [_decide(load, definition, terms) for load in loads]
    return [each for each in decided if isinstance(each, RateRequest)]


def _decide(load: Load, definition: CampaignDefinition, terms: Terms) -> Posted | RateRequest:
    """Walk down the tree; what needs the carrier comes back as its question."""
    platform = terms.platform
    free_by = _free_by(load, definition, platform)
    if free_by:
        return _posted(load, terms, source="free", rule="free_shipping", cents=0, of=free_by)
    own_rates = [rate for rate in platform.shipping_countries.values() if rate is not None]
    if terms.delivery.destination is None and own_rates:
        return _waiting(load, definition, terms)
    country = _country(terms)
    rate = platform.shipping_countries.get(country)
    if rate is not None:
        return _posted(
            load, terms, source="table", rule="country_rate", cents=rate, country=country
        )
    return _by_carrier(load, definition, terms, country)


def _by_carrier(
    load: Load, definition: CampaignDefinition, terms: Terms, country: str
) -> Posted | RateRequest:
    """Return the carrier's question where it can be asked, else the flat rate."""
    platform = terms.platform
    is_served = platform.carrier.is_enabled and platform.origin_country == "US"
    if not (is_served and terms.delivery.has_carrier):
        return _flat(load, definition, terms, because="no_carrier")
    if load.parcel is None:
        return _flat(load, definition, terms, because="package_unknown")
    request = _request(load.parcel, country, terms)
    return request or _waiting(load, definition, terms)


def _waiting(load: Load, definition: CampaignDefinition, terms: Terms) -> Posted:
    """Return the flat rate as a forecast: the price depends on an address still to come."""
    return _flat(load, definition, terms, because="destination_needed", state="needs_input")


def _request(parcel: Parcel, country: str, terms: Terms) -> RateRequest | None:
    """Return the carrier's question, or None while the address is not one it knows."""
    if terms.delivery.destination is None:
        return None
    origin = ZIP.fullmatch(terms.platform.origin_postal_code)
    rules = terms.platform.carrier
    written = terms.delivery.destination.postal_code.strip().upper()
    is_domestic = country in DOMESTIC
    match = (ZIP if is_domestic else POSTAL_CODE).fullmatch(written)
    if origin is None or (is_domestic and match is None):
        return None
    named = rules.domestic_classes if is_domestic else rules.international_classes
    preferred = parcel.classes if is_domestic else ()
    return RateRequest(
        origin_zip=origin[1],
        country=country,
        # Abroad a price depends on the country; a code the carrier cannot read is left out.
        postal_code=match[1 if is_domestic else 0] if match else "",
        parcel=parcel,
        classes=tuple(dict.fromkeys((*preferred, *named))),
    )


def _live(
    load: Load,
    request: RateRequest,
    answer: CarrierRate,
    definition: CampaignDefinition,
    terms: Terms,
) -> Posted:
    """Return the carrier's price, and the option where the campaign has it."""
    has_options = request.is_domestic and load.scope == "campaign"
    offered = {
        option: cents
        for option, cents in SURCHARGES.items()
        if has_options and option in definition.shipping_options
    }
    posted = _posted(
        load,
        terms,
        source="usps",
        rule="carrier_rate",
        cents=answer.cents,
        carrier="USPS",
        service=answer.service,
        pounds=request.parcel.pounds,
    )
    posted = msgspec.structs.replace(
        posted,
        shipment=msgspec.structs.replace(posted.shipment, offered=offered, service=answer.service),
    )
    if terms.delivery.option not in offered:
        return _without_option(posted, terms, load)
    extra = offered[terms.delivery.option]
    why = Why(
        figure="shipping",
        rule="signature_option",
        inputs={"option": terms.delivery.option, "cents": extra, "parcel": load.scope},
    )
    shipment = msgspec.structs.replace(
        posted.shipment,
        cents=Cents(posted.shipment.cents + extra),
        option=terms.delivery.option,
        option_cents=extra,
    )
    return Posted(shipment=shipment, why=(*posted.why, why))


def _without_option(posted: Posted, terms: Terms, load: Load) -> Posted:
    """Say so where the option that was asked for cannot be had."""
    if terms.delivery.option == STANDARD or load.scope == "platform":
        return posted
    why = Why(
        figure="shipping",
        rule="option_unavailable",
        inputs={
            "option": terms.delivery.option,
            "used": STANDARD,
            "cents": 0,
            "parcel": load.scope,
        },
    )
    return msgspec.structs.replace(posted, why=(*posted.why, why))


def _flat(
    load: Load,
    definition: CampaignDefinition,
    terms: Terms,
    *,
    because: str,
    state: QuoteState = "fallback_used",
) -> Posted:
    """Return the campaign's flat rate, else the platform's; its own products go by its own."""
    own = definition.shipping_fallback_cents if load.scope == "campaign" else None
    return _posted(
        load,
        terms,
        source="fallback",
        rule="flat_rate",
        cents=terms.platform.shipping_fallback_cents if own is None else own,
        state=state,
        of="platform" if own is None else "campaign",
        because=because,
    )


def _posted(
    load: Load,
    terms: Terms,
    *,
    source: Literal["free", "table", "usps", "fallback"],
    rule: str,
    cents: int,
    state: QuoteState = "quoted",
    **inputs: str,
) -> Posted:
    shipment = Shipment(
        scope=load.scope,
        cents=Cents(cents),
        source=source,
        state=state,
        country=_country(terms),
    )
    why = Why(figure="shipping", rule=rule, inputs={"cents": cents, "parcel": load.scope, **inputs})
    return Posted(shipment=shipment, why=(why,))


def _free_by(load: Load, definition: CampaignDefinition, platform: PlatformDefinition) -> str:
    """Return who posts a load for nothing: the campaign, the platform, or nobody."""
    own = definition.free_shipping if load.scope == "campaign" else None
    if own is not None:
        return "campaign" if own else ""
    return "platform" if platform.free_shipping else ""


def _country(terms: Terms) -> str:
    return terms.delivery.destination.country.upper() if terms.delivery.destination else ""
