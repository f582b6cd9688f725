"""The settings that have a field of their own, section by section. Pure.

A field is a path in `platform.yml`. What it may say is decided by whoever reads that file;
here stands only how it is asked for. `default` is what holds where the file says nothing.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal
from zoneinfo import available_timezones

import msgspec

from services.site.public.theme import COLOURS, FONTS, LENGTHS, written_values
from services.site.publishing.plain import Plain

DAY = re.compile(r"light-dark\((#[0-9a-f]{6}),")
VARIABLE = re.compile(r"var\(--([\w-]+)\)")

Kind = Literal["text", "email", "number", "choice", "flag", "languages", "colour"]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One setting: its path in the file, and how a form asks for it."""

    path: str
    kind: Kind = "text"
    default: str = ""
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return what its input is called."""
        return self.path.replace(".", "-")

    @property
    def swatch(self) -> str:
        """Return the colour that holds where the file names none."""
        return self.default if self.kind == "colour" else ""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A page of settings. Without fields it is a sheet of rows, or a screen of its own kind."""

    name: str
    fields: tuple[Field, ...] = ()
    is_sheet: bool = False


def _flag(path: str, default: str) -> Field:
    return Field(path=path, kind="flag", default=default, choices=("true", "false"))


def _number(path: str, default: str) -> Field:
    return Field(path=path, kind="number", default=default)


def _zones() -> tuple[str, ...]:
    areas = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Pacific/")
    return tuple(sorted(zone for zone in available_timezones() if zone.startswith(areas)))


PLATFORM = (
    Field(path="platform_name", default="The Pool"),
    Field(path="company_name"),
    Field(path="support_email", kind="email"),
    Field(path="timezone", kind="choice", choices=_zones()),
    Field(path="languages", kind="languages", choices=("en", "es")),
)
PRICING = (
    _number("pricing.sales_tax_rate", "0.07875"),
    Field(path="pricing.tax_provider", kind="choice", default="flat", choices=("flat", "table")),
    _number("pricing.default_tip_percent", "5"),
    _number("pricing.max_tip_percent", "15"),
)
SHIPPING = (
    _number("shipping.fallback_flat_rate", "3.00"),
    _flag("shipping.free_shipping", "false"),
    Field(path="shipping.origin_postal_code", default="87120"),
    Field(path="shipping.origin_country", default="US"),
    _flag("shipping.usps.enabled", "false"),
    _number("shipping.usps.timeout_ms", "5000"),
    Field(
        path="shipping.usps.price_type",
        kind="choice",
        default="RETAIL",
        choices=("RETAIL", "COMMERCIAL"),
    ),
    _number("shipping.usps.cache_seconds", "600"),
    _number("shipping.usps.cooldown_seconds", "300"),
    _number("shipping.usps.busy_cooldown_seconds", "1800"),
    Field(
        path="shipping.usps.when_away",
        kind="choice",
        default="fallback",
        choices=("fallback", "refuse"),
    ),
)
REPORTS = (
    _flag("reports.enabled", "true"),
    Field(path="reports.send_time", default="07:00"),
    Field(path="reports.subject_prefix"),
    _flag("reports.daily_pledge_report", "true"),
    _flag("reports.fulfillment_report", "true"),
    _flag("reports.stats_summary", "true"),
    _flag("reports.csv_attachment", "true"),
)
RECOVERY = (_number("recovery.window_days", "7"),)


def _plainly(value: str) -> str:
    """Return a token's value as somebody could type it: without what it refers to.

    >>> _plainly("var(--radius-sm)")
    '3px'
    """
    found = VARIABLE.fullmatch(value)
    return _plainly(written_values()[found[1]]) if found else value.partition(", var(")[0]


def _day(value: str) -> str:
    """Return the light one of two colours, empty for what is mixed of others."""
    found = DAY.match(value)
    return found[1] if found else ""


def _design() -> tuple[Field, ...]:
    values = {token: _plainly(value) for token, value in written_values().items()}
    plain = {**FONTS, **LENGTHS}
    return (
        *(Field(path=f"branding.{key}", default=values[token]) for key, token in plain.items()),
        *(
            Field(path=f"branding.{key}", kind="colour", default=_day(values[token]))
            for key, token in COLOURS.items()
        ),
    )


SECTIONS = (
    Section(name="platform", fields=PLATFORM),
    Section(name="pricing", fields=PRICING),
    Section(name="tax", is_sheet=True),
    Section(name="shipping", fields=SHIPPING),
    Section(name="countries", is_sheet=True),
    Section(name="products", is_sheet=True),
    Section(name="recovery", fields=RECOVERY),
    Section(name="reports", fields=REPORTS),
    Section(name="design", fields=_design()),
    Section(name="file"),
    Section(name="secrets"),
    Section(name="diagnostics"),
)


def section_named(name: str) -> Section | None:
    """Return a section, None when there is none of that name."""
    return next((each for each in SECTIONS if each.name == name), None)


def given(section: Section, pairs: Iterable[tuple[str, str]]) -> dict[str, Plain]:
    """Return by path what a form says; a field that it does not have stays as it is."""
    found: dict[str, Plain] = {}
    listed = tuple(pairs)
    for field in section.fields:
        values = [value.strip() for name, value in listed if name == field.name]
        if field.kind == "languages":
            chosen = [value for value in values if value in field.choices]
            found[field.path] = list[Plain](chosen) if chosen else ""
        elif values:
            found[field.path] = values[0]
    return found


def shown(section: Section, values: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return by path what a form begins with: what the file says."""
    return {field.path: values.get(field.path, "") for field in section.fields}
