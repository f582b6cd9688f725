"""Settings that are lists: rows of the tax table, of countries and of products."""

import html
import re

import pytest

from services.site.admin import settings_sheets as sheets
from services.site.admin.forms import tax_rows
from services.site.admin.forms.filled import filled
from services.site.admin.forms.mistakes import said
from services.site.admin.forms.platform_sheets import platform_sheet
from services.site.admin.settings_fields import section_named
from services.site.admin.settings_mistakes import settings_told
from services.site.publishing.model import Mistake
from services.site.publishing.plain import Fields
from services.site.publishing.platform_file import read_platform
from services.site.publishing.platform_text import FILE, fields_in, saying
from tests.site import admins
from tests.site.admins import Visitor, keeping_settings
from tests.site.running import RunningSite

TAXED = """\
pricing:
  sales_tax_rate: 0.05  # of old
  tax_table:
    version: 2026-01
    default: {rate: 0, taxes_shipping: true}
    countries:
      US:  # by state
        rate: 0.01
        states:
          NM: 0.07875  # New Mexico
          TX: {rate: 0.0625, taxes_shipping: true}
      ES: 0.21
"""
ROWS = [
    {"country": "US", "rate": "0.01"},
    {"country": "US", "state": "NM", "rate": "0.07875"},
    {"country": "US", "state": "TX", "rate": "0.0625", "taxes_shipping": "true"},
    {"country": "ES", "rate": "0.21"},
]
WRITTEN = """\
# The name that everybody sees.
platform_name: The Pool
add_ons:
  enabled: true
  products:
    - id: sticker
      name: Sticker
      price: 3
      category: digital  # nothing is posted
    - id: poster
      name: Poster
      price: 9
      category: digital
"""


def test_a_tax_table_is_rows_and_saying_the_same_changes_no_byte() -> None:
    form = tax_rows.unfolded(fields_in(TAXED))

    assert form["rows"] == ROWS
    assert (form["default"], form["default_taxes_shipping"]) == ("0", "true")
    fields, mistakes = tax_rows.folded(fields_in(TAXED), form)
    assert mistakes == []
    assert saying(TAXED, fields) == TAXED


def test_a_changed_rate_keeps_remarks_and_the_other_rows() -> None:
    form = tax_rows.unfolded(fields_in(TAXED))
    rows: list[Fields] = [dict(row) for row in ROWS]
    rows[3]["rate"] = "0.1"

    fields, _ = tax_rows.folded(fields_in(TAXED), {**form, "rows": [*rows]})
    text = saying(TAXED, fields)

    assert "NM: 0.07875  # New Mexico" in text
    assert "sales_tax_rate: 0.05  # of old" in text
    assert tax_rows.unfolded(fields_in(text))["rows"] == rows
    assert read_platform(text.encode(), file=FILE, timezone="UTC")[1] == []


def test_a_table_without_anything_is_taken_out() -> None:
    fields, _ = tax_rows.folded(fields_in(TAXED), {})

    assert saying(TAXED, fields) == "pricing:\n  sales_tax_rate: 0.05  # of old\n"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"rate": "0.1"}, "rows[4].country"),
        ({"country": "XX", "rate": "0.1"}, "rows[4].country"),
        ({"country": "US", "state": "QQ", "rate": "0.1"}, "rows[4].state"),
        ({"country": "ES", "rate": "0.1"}, "rows[4].country"),
    ],
)
def test_what_a_table_has_no_place_for_is_named(row: Fields, field: str) -> None:
    _, mistakes = tax_rows.folded({}, {"rows": [*ROWS, row]})

    assert [each.field for each in mistakes] == [field]
    assert said(mistakes[0].message, "es") != mistakes[0].message


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("pricing.tax_table.countries.US.rate", "rows[0].rate"),
        ("pricing.tax_table.countries.US.states.TX.taxes_shipping", "rows[2].taxes_shipping"),
        ("pricing.tax_table.countries.ES", "rows[3].rate"),
        ("pricing.tax_table.countries.FR", "rows"),
        ("pricing.tax_table.default.taxes_shipping", "default_taxes_shipping"),
        ("pricing.tax_table", "default"),
        ("pricing.sales_tax_rate", ""),
    ],
)
def test_what_the_reader_names_has_its_row(path: str, place: str) -> None:
    assert tax_rows.place(path, {"rows": [*ROWS]}) == place


@pytest.mark.parametrize(
    ("field", "section", "at", "label"),
    [
        ("shipping.countries[2].rate", "countries", "f-shipping-countries-2-rate", "País 3 · "),
        ("shipping.countries[2]", "countries", "f-shipping-countries-2-country", " 3 · País"),
        ("add_ons.products[0].price", "products", "f-add_ons-products-0-price", " 1 · Precio"),
        ("shipping.usps", "shipping", "shipping-usps-enabled", "Pedir precios a USPS"),
        ("pricing.tax_table.countries.ES.rate", "tax", "f-rows-3-rate", "Tasa 4 · Tasa"),
        ("no_such_field", "file", "source", "no_such_field"),
    ],
)
def test_a_mistake_is_told_with_its_section_and_the_name_of_its_field(
    field: str, section: str, at: str, label: str
) -> None:
    here = section_named("platform")
    assert here
    mistake = Mistake(file=FILE, line=1, field=field, message="is missing")

    (told,) = settings_told([mistake], here, {"rows": [*ROWS]}, "es")

    assert (told.section, told.id, told.message) == (section, at, "Esto falta.")
    assert label in told.label


@pytest.mark.parametrize(
    "text",
    [
        "pricing: {sales_tax_rate: 9}",
        "pricing: {max_tip_percent: 99}",
        "pricing: {default_tip_percent: 14, max_tip_percent: 12}",
        "pricing: {tax_table: {default: 0, countries: {US: {}}}}",
        "pricing: {tax_table: {default: 0, countries: {USA: 0.1}}}",
        "pricing: {tax_table: {default: 0, countries: {US: {states: {QQ: 0.1}}}}}",
        "shipping: {origin_postal_code: 1}",
        "shipping: {origin_country: Spain}",
        "shipping: {origin_country: ES, origin_postal_code: 1, usps: {enabled: true}}",
        "shipping: {usps: {timeout_ms: 1}}",
        "recovery: {window_days: 99}",
        "reports: {send_time: soon}",
        "reports: {send_time: '23:00'}",
        "reports: {csv_attachment: false, stats_summary: false}",
    ],
)
def test_what_a_form_may_do_wrong_is_said_in_spanish(text: str) -> None:
    _, mistakes = read_platform(text.encode(), file=FILE, timezone="UTC")

    assert mistakes
    for each in mistakes:
        assert said(each.message, "es") not in (each.message, said(each.message, "en"))


def test_rows_moved_unsaved_keep_what_the_form_does_not_show() -> None:
    sheet = platform_sheet("products", "en")
    assert sheet
    held: Fields = {
        "add_ons": {"products": [{"id": "a", "hidden": "1"}, {"id": "b", "hidden": "2"}]}
    }
    root = "add_ons.products"
    given = {f"{root}?": ["1"], f"{root}[0]": ["1"], f"{root}[0].id": ["b"]}
    new = {f"{root}[1]": ["1"], f"{root}[1].id": [""], f"{root}[1].name": ["New"]}

    after = filled(sheet, held, {**given, **new})

    assert after == {
        "add_ons": {"products": [{"id": "b", "hidden": "2"}, {"id": "new", "name": "New"}]}
    }


def test_the_audit_log_is_told_what_is_gone() -> None:
    before, after = fields_in(TAXED), fields_in(TAXED.replace("      ES: 0.21\n", ""))

    assert sheets.changes(before, after) == {"pricing.tax_table.countries.ES": ""}


@pytest.fixture
async def ada(one_film: RunningSite) -> Visitor:
    return await keeping_settings(one_film, WRITTEN)


def file_of(site: RunningSite) -> str:
    return (site.content / "platform.yml").read_text()


async def opened(visitor: Visitor, section: str) -> dict[str, str]:
    page = await visitor.get(f"/admin/settings/{section}/")
    assert page.status_code == 200, page.text
    return admins.fields_in(page.text)


async def pressed(visitor: Visitor, section: str, form: dict[str, str], do: str) -> str:
    """The screen after one of its buttons, which saves nothing."""
    page = await visitor.post(f"/admin/settings/{section}/save", **{**form, "do": do})
    assert page.status_code == 200, page.text
    assert "Not saved yet." in page.text
    return page.text


async def test_rates_are_added_on_the_screen_and_saved_together(
    one_film: RunningSite, ada: Visitor
) -> None:
    form = await opened(ada, "tax")
    page = await pressed(ada, "tax", {**form, "default": "0"}, "add|rows")
    assert re.search(r'id="f-rows-0-country"[^>]* autofocus', page)
    first = {"rows[0].country": "us", "rows[0].state": "nm", "rows[0].rate": "0.07875"}
    page = await pressed(ada, "tax", {**admins.fields_in(page), **first}, "add|rows")
    second = {"rows[1].country": "es", "rows[1].rate": "0.21"}
    form = {**admins.fields_in(page), **second}
    assert file_of(one_film) == WRITTEN

    saved = await ada.post("/admin/settings/tax/save", **{**form, "do": "save"})

    assert saved.status_code == 303, saved.text
    text = file_of(one_film)
    assert "# The name that everybody sees." in text
    assert tax_rows.unfolded(fields_in(text)) == {
        "default": "0",
        "rows": [
            {"country": "US", "state": "NM", "rate": "0.07875"},
            {"country": "ES", "rate": "0.21"},
        ],
    }


@pytest.mark.parametrize(
    ("prefix", "sentence"),
    [
        ("", "Write a number from 0 up to, not including, 1."),
        ("/es", "Escribe un número desde 0 hasta menos de 1."),
    ],
)
async def test_a_wrong_rate_is_linked_to_and_named_at_its_field(
    one_film: RunningSite, ada: Visitor, prefix: str, sentence: str
) -> None:
    form = {
        **await opened(ada, "tax"),
        **{"default": "0", "rows?": "1", "rows[0]": "1"},
        **{"rows[0].country": "ES", "rows[0].rate": "21"},
    }

    answer = await ada.post(f"{prefix}/admin/settings/tax/save", **form, do="save")

    assert answer.status_code == 400
    page = html.unescape(answer.text)
    assert page.count(sentence) == 2
    assert 'href="#f-rows-0-rate"' in page
    tag = re.search(r'<input [^>]*id="f-rows-0-rate"[^>]*>', page)
    assert tag
    assert 'value="21"' in tag[0]
    assert 'aria-invalid="true"' in tag[0]
    assert file_of(one_film) == WRITTEN


async def test_a_country_is_posted_to_with_its_own_rate(
    one_film: RunningSite, ada: Visitor
) -> None:
    form = await opened(ada, "countries")
    page = await pressed(ada, "countries", form, "add|shipping.countries")
    form = {**admins.fields_in(page), "shipping.countries[0].country": "us"}
    page = await pressed(ada, "countries", form, "add|shipping.countries")
    own = {"shipping.countries[1].country": "ES", "shipping.countries[1].rate": "12.50"}
    page = await pressed(
        ada, "countries", {**admins.fields_in(page), **own}, "add|shipping.usps.domestic_classes"
    )
    chosen = {"shipping.usps.domestic_classes[0].class": "MEDIA_MAIL"}

    form = {**admins.fields_in(page), **chosen, "do": "save"}
    saved = await ada.post("/admin/settings/countries/save", **form)

    assert saved.status_code == 303, saved.text
    assert fields_in(file_of(one_film))["shipping"] == {
        "countries": ["US", {"country": "ES", "rate": "12.50"}],
        "usps": {"domestic_classes": ["MEDIA_MAIL"]},
    }


async def test_a_product_is_moved_another_added_and_a_third_taken_away(
    one_film: RunningSite, ada: Visitor
) -> None:
    form = await opened(ada, "products")
    page = await pressed(ada, "products", form, "up|add_ons.products[1]")
    page = await pressed(ada, "products", admins.fields_in(page), "add|add_ons.products")
    made = {"add_ons.products[2].name": "Ring tone", "add_ons.products[2].price": "2"}
    made["add_ons.products[2].category"] = "digital"
    form = {**admins.fields_in(page), **made}
    page = await pressed(ada, "products", form, "remove|add_ons.products[0]")

    form = {**admins.fields_in(page), "do": "save"}
    saved = await ada.post("/admin/settings/products/save", **form)

    assert saved.status_code == 303, saved.text
    text = file_of(one_film)
    assert "category: digital  # nothing is posted" in text
    held = fields_in(text)["add_ons"]
    assert isinstance(held, dict)
    products = held["products"]
    assert isinstance(products, list)
    assert [row["id"] for row in products if isinstance(row, dict)] == ["sticker", "ring-tone"]


async def test_a_mistake_of_another_section_links_there(
    one_film: RunningSite, ada: Visitor
) -> None:
    form = {**await opened(ada, "pricing"), "pricing-tax_provider": "table"}

    answer = await ada.post("/admin/settings/pricing/save", **form)

    assert answer.status_code == 400
    assert 'href="/admin/settings/tax/#f-default"' in answer.text
    assert file_of(one_film) == WRITTEN
