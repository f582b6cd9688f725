"""The screens of settings that are lists: taxes, countries, products. Pure.

A path on a screen is the file's own, but for taxes: the file nests states in countries, the
screen has a row for each (`tax_rows`).
"""

import functools
from gettext import NullTranslations

import msgspec

from services.site.admin.forms import goods
from services.site.admin.forms.drawn import Input, Row
from services.site.admin.forms.fields import Field, Option, Sheet
from services.site.public.language import Language, catalogue
from services.site.public.places import countries as named_countries
from services.site.publishing.plain import Plain
from services.site.publishing.price_fields import (
    COUNTRIES,
    DOMESTIC_CLASSES,
    INTERNATIONAL_CLASSES,
)

TAXES_MAX = 400
POSTED_MAX = len(COUNTRIES)
SUGGESTED = "countries"
CODES = ("country", "state", "countries")
"""What is written in capitals, whoever types it."""


@functools.cache
def platform_sheets(language: Language) -> tuple[Sheet, ...]:
    """Return the screens in the words of a language."""
    texts = catalogue(language)
    return (_tax(texts), _countries(texts), _products(texts))


def platform_sheet(name: str, language: Language) -> Sheet | None:
    """Return a screen by the name of its section."""
    return next((each for each in platform_sheets(language) if each.name == name), None)


def suggested(language: Language) -> tuple[Option, ...]:
    """Return the countries that a form suggests, by name."""
    return named_countries(language, tuple(sorted(COUNTRIES)))


def in_capitals(value: Plain, name: str = "") -> Plain:
    """Return what a form says with the codes of countries and states as they are spelled.

    >>> in_capitals({"country": "us", "rate": "0.1", "countries": ["es"]})
    {'country': 'US', 'rate': '0.1', 'countries': ['ES']}
    """
    if isinstance(value, list):
        return [in_capitals(each, name) for each in value]
    if isinstance(value, dict):
        return {key: in_capitals(each, key) for key, each in value.items()}
    return value.upper() if name in CODES else value


def entitled(inputs: tuple[Input, ...], language: Language) -> tuple[Input, ...]:
    """Return inputs whose rows of countries are called by the country's name."""
    names = dict(suggested(language))
    return tuple(
        msgspec.structs.replace(
            each,
            inputs=entitled(each.inputs, language),
            rows=tuple(_entitled(row, names) for row in each.rows),
        )
        for each in inputs
    )


def _entitled(row: Row, names: dict[str, str]) -> Row:
    said = {each.path.rpartition(".")[2]: each.value for each in row.inputs}
    name = names.get(said.get("country", ""), "")
    title = " ".join(part for part in (name, said.get("state", "")) if part)
    return msgspec.structs.replace(row, title=title) if name else row


def _tax(texts: NullTranslations) -> Sheet:
    _ = texts.gettext
    as_rate = _("As a rate: 0.07875 is 7.875 per cent.")
    rows = Field(
        name="rows",
        label=_("Rates of countries and states"),
        kind="rows",
        row=_("Rate"),
        is_line=True,
        has_order=False,
        rows_max=TAXES_MAX,
        empty=_("No country has a rate of its own."),
        help=_(
            "A state’s rate stands in the place of its country’s. Elsewhere the one above holds."
        ),
        fields=(
            _country(texts),
            Field(
                name="state", label=_("State"), length_max=3, help=_("Empty: the whole country.")
            ),
            Field(name="rate", label=_("Rate"), kind="number", is_required=True),
            _taxes_shipping(texts, "taxes_shipping"),
        ),
    )
    return Sheet(
        name="tax",
        label=_("Tax table"),
        intro=_(
            "Holds where “Which tax” in “Prices and tax” says so: by state and country."
            " The rate is that of the supporter’s address."
        ),
        fields=(
            Field(name="default", label=_("Rate everywhere else"), kind="number", help=as_rate),
            _taxes_shipping(texts, "default_taxes_shipping"),
            Field(
                name="version",
                label=_("Name of this table"),
                length_max=40,
                help=_("Kept with each pledge, such as 2026-01."),
            ),
            rows,
        ),
    )


def _countries(texts: NullTranslations) -> Sheet:
    _ = texts.gettext
    rows = Field(
        name="countries",
        label=_("Where things are posted to"),
        kind="rows",
        row=_("Country"),
        is_line=True,
        has_order=False,
        is_short=True,
        rows_max=POSTED_MAX,
        empty=_("No list of your own: the usual 51 countries."),
        fields=(
            _country(texts),
            Field(
                name="rate",
                label=_("Own rate, in dollars"),
                kind="money",
                help=_("For each parcel. Empty: the carrier’s price, else the flat rate."),
            ),
        ),
    )
    classes = (
        ("domestic_classes", _("Ways within the United States"), DOMESTIC_CLASSES),
        ("international_classes", _("Ways abroad"), INTERNATIONAL_CLASSES),
    )
    usps = Field(
        name="usps",
        label="USPS",
        kind="record",
        fields=tuple(_classes(texts, name, label, known) for name, label, known in classes),
    )
    return Sheet(
        name="countries",
        label=_("Countries and classes"),
        intro=_("Where parcels may go, what that costs, and which classes of USPS are asked for."),
        fields=(Field(name="shipping", label=_("Posting"), kind="record", fields=(rows, usps)),),
    )


def _products(texts: NullTranslations) -> Sheet:
    _ = texts.gettext
    fields = (
        Field(name="enabled", label=_("Offer add-ons in the cart"), kind="flag", default="false"),
        Field(
            name="low_stock_threshold",
            label=_("“Only a few left” from"),
            kind="whole",
            help=_("Empty: %(value)s") % {"value": "5"},
        ),
        goods.products("products", texts, by_id=True),
    )
    return Sheet(
        name="products",
        label=_("Products"),
        intro=_("The platform’s own products. They never count toward a campaign’s goal."),
        fields=(Field(name="add_ons", label=_("Add-ons"), kind="record", fields=fields),),
    )


def _country(texts: NullTranslations) -> Field:
    return Field(
        name="country",
        label=texts.gettext("Country"),
        is_required=True,
        length_max=60,
        listed=SUGGESTED,
    )


def _taxes_shipping(texts: NullTranslations, name: str) -> Field:
    label = texts.gettext("Taxes shipping too")
    return Field(name=name, label=label, kind="flag", default="false")


def _classes(texts: NullTranslations, name: str, label: str, known: tuple[str, ...]) -> Field:
    _ = texts.gettext
    named = tuple((each, each.replace("_", " ").capitalize()) for each in known)
    choice = Field(name="class", label=_("Class"), kind="choice", options=(("", "–"), *named))
    return Field(
        name=name,
        label=label,
        kind="rows",
        row=_("Class"),
        is_line=True,
        is_short=True,
        rows_max=len(known),
        empty=_("No list of your own: the usual ones."),
        help=_("The first one that has a price is taken."),
        fields=(choice,),
    )
