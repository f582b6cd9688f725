"""What a parcel costs at the sandbox's USPS: plausible, and the same every time. Pure."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import ceil

CENT = Decimal("0.01")
OVERSIZE_FEE = Decimal("4.00")
OVERSIZE_INCHES = 22
COMMERCIAL = Decimal("0.9")


@dataclass(frozen=True)
class Class:
    """A mail class: the first pound, each further one, each zone; and its limits."""

    name: str
    first: str
    pound: str
    zone: str = "0"
    pounds_max: int = 70
    inches_max: int = 108


DOMESTIC = {
    "USPS_GROUND_ADVANTAGE": Class(
        "USPS Ground Advantage Machinable Single-piece", "5.45", "0.95", "0.45", inches_max=130
    ),
    "PRIORITY_MAIL": Class("Priority Mail Machinable Single-piece", "9.35", "1.60", "0.75"),
    "PRIORITY_MAIL_EXPRESS": Class(
        "Priority Mail Express Machinable Single-piece", "31.40", "4.10", "1.20"
    ),
    "MEDIA_MAIL": Class("Media Mail Machinable Single-piece", "4.63", "0.80"),
    "LIBRARY_MAIL": Class("Library Mail Machinable Single-piece", "4.40", "0.75"),
}
INTERNATIONAL = {
    "FIRST-CLASS_PACKAGE_INTERNATIONAL_SERVICE": Class(
        "First-Class Package International Service Machinable ISC Single-piece",
        "17.85",
        "6.50",
        pounds_max=4,
        inches_max=36,
    ),
    "PRIORITY_MAIL_INTERNATIONAL": Class(
        "Priority Mail International Machinable ISC Single-piece", "44.80", "3.60", pounds_max=44
    ),
    "PRIORITY_MAIL_EXPRESS_INTERNATIONAL": Class(
        "Priority Mail Express International ISC Single-piece", "61.20", "5.10", pounds_max=44
    ),
}
# What is next door costs less.
NEIGHBOURS = {"CA": Decimal("0.8"), "MX": Decimal("0.9")}


@dataclass(frozen=True)
class Piece:
    """A parcel on its way: pounds, inches, and where from and to."""

    pounds: Decimal
    inches: tuple[Decimal, Decimal, Decimal]
    origin_zip: str
    destination: str
    price_type: str = "RETAIL"


def fits(piece: Piece, kind: Class) -> bool:
    """Tell whether a class takes a parcel: its weight, and its length plus girth."""
    length, *girth = sorted(piece.inches, reverse=True)
    return piece.pounds <= kind.pounds_max and length + 2 * sum(girth) <= kind.inches_max


def zone(piece: Piece) -> int:
    """Return how far apart two ZIP codes are, from 1 to 8."""
    return 1 + min(7, abs(int(piece.origin_zip[0]) - int(piece.destination[0])))


def domestic_price(piece: Piece, kind: Class) -> Decimal:
    """Return the postage between two ZIP codes."""
    return _priced(piece, kind) + _shared(piece, (zone(piece) - 1) * Decimal(kind.zone))


def international_price(piece: Piece, kind: Class) -> Decimal:
    """Return the postage to another country; `destination` is its two letters."""
    return _cents(_priced(piece, kind) * NEIGHBOURS.get(piece.destination, Decimal(1)))


def fee(piece: Piece) -> Decimal:
    """Return what a parcel too long for the machines costs more."""
    return OVERSIZE_FEE if max(piece.inches) > OVERSIZE_INCHES else Decimal(0)


def _priced(piece: Piece, kind: Class) -> Decimal:
    further = max(0, ceil(piece.pounds) - 1)
    return _shared(piece, Decimal(kind.first) + further * Decimal(kind.pound))


def _shared(piece: Piece, amount: Decimal) -> Decimal:
    return _cents(amount * (COMMERCIAL if piece.price_type == "COMMERCIAL" else 1))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
