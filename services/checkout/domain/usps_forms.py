"""How USPS is asked for a price, and what its answers say. Pure."""

from decimal import Decimal
from typing import Any

import msgspec

from contracts.money import Cents, dollars_to_cents
from services.checkout.domain.shipping import RateRequest

# What machines sort, in inches and pounds; above a cubic foot size counts as weight.
MACHINE_INCHES = (Decimal(22), Decimal(18), Decimal(15))
MACHINE_POUNDS = Decimal(25)
CUBIC_FOOT = Decimal(1_728)


class _Rate(msgspec.Struct, rename="camel"):
    price: Decimal = Decimal(0)


class _Option(msgspec.Struct, rename="camel"):
    """An answer, or one of several in an answer."""

    total_base_price: Decimal | None = None
    rates: list[_Rate] = []
    rate_options: list["_Option"] = []


def rate_form(request: RateRequest, mail_class: str, price_type: str) -> dict[str, Any]:
    """Return the parameters of a price, by USPS's names. The longest side is the length."""
    parcel = request.parcel
    sides = sorted(
        (Decimal(parcel.length_in), Decimal(parcel.width_in), Decimal(parcel.height_in)),
        reverse=True,
    )
    pounds = Decimal(parcel.pounds)
    fits = all(side <= most for side, most in zip(sides, MACHINE_INCHES, strict=True))
    is_machinable = fits and pounds <= MACHINE_POUNDS
    is_bulky = sides[0] * sides[1] * sides[2] > CUBIC_FOOT
    form = {
        "originZIPCode": request.origin_zip,
        "weight": pounds,
        "length": sides[0],
        "width": sides[1],
        "height": sides[2],
        "mailClass": mail_class,
        "processingCategory": "MACHINABLE" if is_machinable else "NONSTANDARD",
        "rateIndicator": "DR" if is_bulky and request.is_domestic else "SP",
        "destinationEntryFacilityType": "NONE",
        "priceType": price_type,
    }
    if request.is_domestic:
        return form | {"destinationZIPCode": request.postal_code}
    form["destinationCountryCode"] = request.country
    return form | ({"foreignPostalCode": request.postal_code} if request.postal_code else {})


def lowest_price(raw: bytes) -> Cents | None:
    """Return the lowest usable price of an answer, or None when it has none.

    A price of fractions of a cent is not usable. Raises `ValueError` for what is no answer.
    """
    answer = msgspec.json.decode(raw, type=_Option)
    found = [cents for option in (answer, *answer.rate_options) for cents in _usable(option)]
    return min(found, default=None)


def _usable(option: _Option) -> list[Cents]:
    prices = [rate.price for rate in option.rates]
    if option.total_base_price is not None:
        prices = [option.total_base_price]
    usable: list[Cents] = []
    for price in prices:
        try:
            cents = dollars_to_cents(price)
        except ValueError:
            continue
        if cents > 0:
            usable.append(cents)
    return usable
