"""USPS's HTTP API as far as postage is asked for: tokens, domestic and international prices.

Paths, parameters and shapes are those of its version 3; what it does not know it refuses as
USPS does. Tokens live in memory: a restart makes clients ask for another, as an outage does.
"""

import hmac
import secrets
import time
from collections import deque
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from deploy.sandbox import usps_tariff as tariff
from deploy.sandbox.world import World

TOKEN_SECONDS = 28_799
KEPT_REQUESTS = 200
SIZE_MAX = 1_000
TOKEN_PATH = "/oauth2/v3/token"  # noqa: S105 (a path)
PRICES, INTERNATIONAL = "/prices/v3", "/international-prices/v3"
PATHS = {f"{PRICES}/base-rates/search": PRICES, f"{INTERNATIONAL}/base-rates/search": INTERNATIONAL}

F = TypeVar("F")
Zip = Annotated[str, msgspec.Meta(pattern=r"^\d{5}$")]


class USPSError(Exception):
    """A refusal in USPS's own shape."""

    def __init__(self, status: int, message: str, *, api: str = PRICES, detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "apiVersion": api,
            "error": {
                "code": str(status),
                "message": message,
                "errors": [{"title": message, "detail": detail or message}],
            },
        }


class TokenForm(msgspec.Struct, forbid_unknown_fields=True):
    """What a token is asked for with."""

    client_id: str
    client_secret: str
    grant_type: Literal["client_credentials"]
    scope: str = ""


class RateForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What every parcel's price is asked for with."""

    origin_zip_code: Zip = msgspec.field(name="originZIPCode")
    weight: Decimal
    length: Decimal
    width: Decimal
    height: Decimal
    mail_class: str
    processing_category: Literal["FLATS", "MACHINABLE", "NONSTANDARD"]
    rate_indicator: Literal["SP", "DR", "DN"]
    destination_entry_facility_type: Literal["NONE"]
    price_type: Literal["RETAIL", "COMMERCIAL"]
    mailing_date: str = ""

    def __post_init__(self) -> None:
        for name in ("weight", "length", "width", "height"):
            if not 0 < getattr(self, name) <= SIZE_MAX:
                raise ValueError(f"{name} must be more than 0 and at most {SIZE_MAX}")


class DomesticForm(RateForm, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A price between two ZIP codes."""

    destination_zip_code: Zip = msgspec.field(name="destinationZIPCode")


class InternationalForm(RateForm, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A price to another country."""

    destination_country_code: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
    foreign_postal_code: str = ""


class USPSAPI:
    """Tokens given, and prices told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens_issued = 0
        self.asked: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self._tokens: dict[str, float] = {}

    def token(self, body: bytes) -> dict[str, Any]:
        """Return a token for the client credentials we were started with."""
        form = _form(body, TokenForm, api="/oauth2/v3")
        settings = self.world.settings
        is_known = hmac.compare_digest(form.client_id, settings.usps_client_id)
        if not (is_known and hmac.compare_digest(form.client_secret, settings.usps_client_secret)):
            raise USPSError(401, "Invalid client credentials", api="/oauth2/v3")
        value = secrets.token_urlsafe(24)
        self._tokens[value] = time.monotonic() + TOKEN_SECONDS
        self.tokens_issued += 1
        return {
            "access_token": value,
            "token_type": "Bearer",
            "issued_at": int(time.time() * 1000),
            "expires_in": TOKEN_SECONDS,
            "status": "approved",
            "scope": "prices international-prices",
            "issuer": "api.usps.com",
            "client_id": form.client_id,
        }

    def forget_tokens(self) -> None:
        """Let no token of before count any more."""
        self._tokens.clear()

    def price(self, path: str, body: bytes, authorization: str) -> dict[str, Any]:
        """Return what a parcel costs in one mail class."""
        api = PATHS[path]
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer" or self._tokens.get(token, 0) <= time.monotonic():
            raise USPSError(401, "Invalid or expired token", api="/oauth")
        self.asked.append({"path": path, **_shown(body)})
        return _domestic(body) if api == PRICES else _international(body)


def _domestic(body: bytes) -> dict[str, Any]:
    form = _form(body, DomesticForm, api=PRICES)
    piece = _piece(form, form.destination_zip_code)
    kind = _class(form, tariff.DOMESTIC, piece, api=PRICES)
    price = tariff.domestic_price(piece, kind)
    return _answer(form, kind, price, tariff.fee(piece), zone=f"{tariff.zone(piece):02d}")


def _international(body: bytes) -> dict[str, Any]:
    form = _form(body, InternationalForm, api=INTERNATIONAL)
    piece = _piece(form, form.destination_country_code)
    kind = _class(form, tariff.INTERNATIONAL, piece, api=INTERNATIONAL)
    return _answer(form, kind, tariff.international_price(piece, kind), Decimal(0), zone="01")


def _piece(form: RateForm, destination: str) -> tariff.Piece:
    return tariff.Piece(
        pounds=form.weight,
        inches=(form.length, form.width, form.height),
        origin_zip=form.origin_zip_code,
        destination=destination,
        price_type=form.price_type,
    )


def _class(
    form: RateForm, known: dict[str, tariff.Class], piece: tariff.Piece, *, api: str
) -> tariff.Class:
    kind = known.get(form.mail_class)
    if kind is None:
        raise USPSError(400, "OASValidation", api=api, detail="mailClass is not one of the values.")
    if not tariff.fits(piece, kind):
        raise USPSError(
            400, "No rates", api=api, detail="No price was found for the rate ingredients."
        )
    return kind


def _answer(
    form: RateForm, kind: tariff.Class, price: Decimal, fee: Decimal, *, zone: str
) -> dict[str, Any]:
    fees = [{"name": "Nonstandard Length fee", "SKU": "DXXX0XXXXX", "price": fee}] if fee else []
    rate = {
        "SKU": "DXXX0XXXXR00010",
        "description": kind.name,
        "priceType": form.price_type,
        "price": price,
        "weight": form.weight,
        "dimWeight": 0,
        "fees": fees,
        "startDate": "2026-01-18",
        "endDate": "",
        "mailClass": form.mail_class,
        "zone": zone,
        "warnings": [],
    }
    return {"rates": [rate], "totalBasePrice": price + fee}


def _shown(body: bytes) -> dict[str, Any]:
    try:
        content = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def _form(body: bytes, kind: type[F], *, api: str) -> F:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as exc:
        raise USPSError(400, "OASValidation", api=api, detail=str(exc)) from exc
