"""Reading what `platform.yml` says of tax and posting. Source: interfaces, "Shapes"."""

import re
from typing import Literal

from babel import Locale

from contracts.campaign import CarrierRules, TaxProvider, TaxRow, TaxTable
from contracts.money import Cents
from contracts.regions import REGIONS
from services.site.publishing.reading import Reader, Record, Value, record, unique
from services.site.publishing.scalars import (
    choice,
    decimal,
    dollars,
    flag,
    required_text,
    text,
    whole_between,
)

COUNTRY = re.compile(r"[A-Z]{2}")
REGION = re.compile(r"[A-Z0-9]{1,3}")
ZIP = re.compile(r"\d{5}")
# Codes of two letters that name no country: unions, and what people may use privately.
NO_COUNTRY = frozenset(("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"))
COUNTRIES = frozenset(
    str(code)
    for code in Locale("en").territories
    if COUNTRY.fullmatch(str(code)) and code not in NO_COUNTRY
)
DOMESTIC_CLASSES = (
    "USPS_GROUND_ADVANTAGE",
    "PRIORITY_MAIL",
    "PRIORITY_MAIL_EXPRESS",
    "MEDIA_MAIL",
    "LIBRARY_MAIL",
)
INTERNATIONAL_CLASSES = (
    "FIRST-CLASS_PACKAGE_INTERNATIONAL_SERVICE",
    "PRIORITY_MAIL_INTERNATIONAL",
    "PRIORITY_MAIL_EXPRESS_INTERNATIONAL",
)
Rows = dict[str, TaxRow]
RATE = decimal(least="0", below="1")
PROVIDER: Reader[TaxProvider] = choice(("flat", "table"))
NO_ROW = TaxRow(rate="0")
NO_CARRIER = CarrierRules()


def _country(value: Value) -> str:
    written = value.scalar().strip()
    if written not in COUNTRIES:
        raise ValueError(f"“{written[:20]}” is not a country's two letters")
    return written


country = Reader(_country, "US")


def tax_table(fields: Record, provider: TaxProvider) -> TaxTable | None:
    """Return the table; with the provider `table` it must be there."""
    if provider == "table":
        return fields.take("tax_table", TAX_TABLE)
    return fields.get("tax_table", TAX_TABLE, None)


def _tax_table(fields: Record) -> TaxTable:
    """`default` holds wherever no row says otherwise, so that nothing goes untaxed unsaid."""
    return TaxTable(
        default=fields.take("default", ROW),
        rows=fields.get("countries", ROWS, {}),
        version=fields.get("version", text(40), ""),
    )


def _rows(value: Value) -> Rows:
    """Return `US-NM` and `US` to rows, from countries that may list their states."""
    fields = Record(value)
    rows: Rows = {}
    for code in list(fields.lines):
        if code not in COUNTRIES:
            fields.wrong(code, "is not a country's two letters")
        of_country: Rows = fields.take(code, _country_rows(code))
        rows |= of_country
    return rows


def _country_rows(code: str) -> Reader[Rows]:
    return Reader(lambda value: _of_country(value, code), {})


def _state_rows(code: str) -> Reader[Rows]:
    return Reader(lambda value: _states(value, code), {})


def _of_country(value: Value, code: str) -> Rows:
    """A country is its rate, or a row that may hold `states`."""
    if value.kind:
        return {code: _row(value)}
    fields = Record(value)
    states = fields.get("states", _state_rows(code), {})
    # A country of which only some states are taxed has no rate of its own.
    has_rate = "rate" in fields
    rows = {code: _of_record(fields)} if has_rate else {}
    fields.close()
    if not rows and not states:
        raise ValueError("has neither a rate nor states")
    return rows | states


def known_region(country: str, region: str) -> bool:
    """Tell whether a country has such a region; where we know none, whether it could be one."""
    known = REGIONS.get(country)
    return bool(REGION.fullmatch(region)) and (known is None or region in known)


def _states(value: Value, code: str) -> Rows:
    fields = Record(value)
    rows: Rows = {}
    for state in list(fields.lines):
        if not known_region(code, state):
            fields.wrong(state, f"is not a state of {code}")
        rows[f"{code}-{state}"] = fields.take(state, ROW)
    return rows


def _row(value: Value) -> TaxRow:
    """A rate alone, or `rate` with `taxes_shipping`."""
    if value.kind:
        return TaxRow(rate=RATE.read(value))
    fields = Record(value)
    row = _of_record(fields)
    fields.close()
    return row


def _of_record(fields: Record) -> TaxRow:
    return TaxRow(
        rate=fields.take("rate", RATE), taxes_shipping=fields.get("taxes_shipping", flag, False)
    )


ROW = Reader(_row, NO_ROW)
ROWS: Reader[Rows] = Reader(_rows, {})
TAX_TABLE = record(_tax_table, TaxTable(default=NO_ROW))


def _posted_to(value: Value) -> tuple[str, Cents | None]:
    """A country we post to: its letters, or `country` with a `rate` of its own."""
    if value.kind:
        return _country(value), None
    fields = Record(value)
    found = fields.take("country", country), fields.take("rate", dollars)
    fields.close()
    return found


POSTED: Reader[tuple[str, Cents | None]] = Reader(_posted_to, ("", None))
_countries = unique(POSTED, lambda pair: pair[0], field="", at_most=len(COUNTRIES))


def countries(fields: Record) -> dict[str, Cents | None]:
    """Return where things are posted to, with the rates of countries that have their own."""
    posted: tuple[tuple[str, Cents | None], ...] = fields.get("countries", _countries, ())
    return dict(posted)


def origin(fields: Record) -> tuple[str, str]:
    """Return the postal code and country parcels leave from."""
    land = fields.get("origin_country", country, "US")
    code = fields.get("origin_postal_code", required_text(12), "87120")
    if land == "US" and not ZIP.fullmatch(code):
        fields.wrong("origin_postal_code", "is not a ZIP code of five digits (quote it)")
    return code, land


def _carrier(fields: Record) -> CarrierRules:
    price_types: tuple[Literal["RETAIL", "COMMERCIAL"], ...] = ("RETAIL", "COMMERCIAL")
    ways: tuple[Literal["fallback", "refuse"], ...] = ("fallback", "refuse")
    return CarrierRules(
        is_enabled=fields.get("enabled", flag, False),
        timeout_ms=fields.get("timeout_ms", whole_between(100, 10_000), NO_CARRIER.timeout_ms),
        price_type=fields.get("price_type", choice(price_types), NO_CARRIER.price_type),
        cache_seconds=fields.get(
            "cache_seconds", whole_between(0, 86_400), NO_CARRIER.cache_seconds
        ),
        cooldown_seconds=fields.get(
            "cooldown_seconds", whole_between(1, 86_400), NO_CARRIER.cooldown_seconds
        ),
        busy_cooldown_seconds=fields.get(
            "busy_cooldown_seconds", whole_between(1, 86_400), NO_CARRIER.busy_cooldown_seconds
        ),
        domestic_classes=fields.get(
            "domestic_classes", _classes(DOMESTIC_CLASSES), NO_CARRIER.domestic_classes
        ),
        international_classes=fields.get(
            "international_classes",
            _classes(INTERNATIONAL_CLASSES),
            NO_CARRIER.international_classes,
        ),
        when_away=fields.get("when_away", choice(ways), "fallback"),
    )


def _classes(known: tuple[str, ...]) -> Reader[tuple[str, ...]]:
    return unique(choice(known), lambda name: name, field="")


carrier = record(_carrier, NO_CARRIER)
