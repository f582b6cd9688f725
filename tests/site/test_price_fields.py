"""What files may say about prices, stock, tax and posting: each limit, by line and field."""

from pathlib import Path

import pytest

from contracts.campaign import PlatformDefinition, TaxRow
from services.site.publishing.content import check_folder
from tests.site.files import a_file, assert_one_mistake, document, read, the_mistake

TIER = ["tiers:", "  - id: a", "    name: A", "    price: 5"]
PRODUCT = ["campaign_add_ons:", "  - id: disc", "    name: The score"]
DIGITAL = [*PRODUCT, "    category: digital", "    price: 5"]
PACKAGE = "{weight_oz: 1, length_in: 1, width_in: 1, height_in: 1}"


def products(count: int) -> list[str]:
    return [
        "campaign_add_ons:",
        *(f"  - {{id: p{n}, name: P, price: 1, category: digital}}" for n in range(count)),
    ]


def variants(count: int) -> list[str]:
    return [*DIGITAL, "    variants:", *(f"      - {{id: v{n}, label: V}}" for n in range(count))]


def tiers(count: int) -> list[str]:
    return ["tiers:", *(f"  - {{id: t{n}, name: T, price: 1}}" for n in range(count))]


@pytest.mark.parametrize(
    ("more", "line", "field", "says"),
    [
        pytest.param(
            [*TIER, "    category: physical", "    shipping_preset: shirt"],
            13,
            "tiers[0].shipping_preset",
            "“shirt” is none of sticker, tshirt",
            id="no such preset",
        ),
        pytest.param(
            [*TIER, "    shipping_preset: poster", f"    shipping: {PACKAGE}"],
            13,
            "tiers[0].shipping",
            "keep one",
            id="preset and package",
        ),
        pytest.param(
            [*TIER, f"    shipping: {PACKAGE.replace('weight_oz: 1', 'weight_oz: 0')}"],
            12,
            "tiers[0].shipping.weight_oz",
            "more than 0",
            id="weightless",
        ),
        pytest.param(
            [*TIER, "    shipping: {weight_oz: 1, length_in: 1, width_in: 1}"],
            12,
            "tiers[0].shipping.height_in",
            "missing",
            id="no height",
        ),
        pytest.param(
            ["shipping_options: [by_owl]"], 8, "shipping_options[0]", "by_owl", id="option"
        ),
        pytest.param(["free_shipping: maybe"], 8, "free_shipping", "true or false", id="free"),
        pytest.param(
            ["shipping_fallback_flat_rate: -1"],
            8,
            "shipping_fallback_flat_rate",
            "between 0",
            id="negative rate",
        ),
        pytest.param(
            [*PRODUCT, "    shipping_preset: cd", "    price: 1000000.01"],
            12,
            "campaign_add_ons[0].price",
            "1,000,000",
            id="a product above a million",
        ),
        pytest.param(
            [*PRODUCT, "    price: 5"],
            9,
            "campaign_add_ons[0].shipping_preset",
            "missing",
            id="a product is physical unless it says otherwise",
        ),
        pytest.param(
            [*DIGITAL, "    inventory: -1"],
            13,
            "campaign_add_ons[0].inventory",
            "whole",
            id="less than none",
        ),
        pytest.param(
            [*variants(1), "      - {id: v0, label: V}"],
            15,
            "campaign_add_ons[0].variants[1].id",
            "“v0” twice",
            id="one id, two variants",
        ),
        pytest.param(
            variants(31), 14, "campaign_add_ons[0].variants", "at most 30", id="31 variants"
        ),
        pytest.param(products(51), 9, "campaign_add_ons", "at most 50", id="51 products"),
        pytest.param(tiers(101), 9, "tiers", "at most 100", id="101 tiers"),
        pytest.param(
            [*products(1), "  - {id: p0, name: P, price: 1, category: digital}"],
            10,
            "campaign_add_ons[1].id",
            "“p0” twice",
            id="one id, two products",
        ),
        pytest.param(
            ["support_items:", "  - {id: a, label: A, target: 1, category: physical}"],
            9,
            "support_items[0].shipping_preset",
            "missing",
            id="a physical support item needs its package",
        ),
        pytest.param(
            ["stretch_goals:", "  - {title: A, threshold: 1.001}"],
            9,
            "stretch_goals[0].threshold",
            "two decimals",
            id="a tenth of a cent",
        ),
    ],
)
def test_a_mistake_about_money_is_named_with_its_line_and_field(
    tmp_path: Path, more: list[str], line: int, field: str, says: str
) -> None:
    assert_one_mistake(tmp_path, a_file(*more), line=line, field=field, says=says)


@pytest.mark.parametrize("more", [variants(30), products(50), tiers(100)])
def test_as_many_as_allowed_are_taken(tmp_path: Path, more: list[str]) -> None:
    assert read(tmp_path, a_file(*more)).mistakes == ()


def test_a_variants_price_may_be_nothing_and_blank_inherits(tmp_path: Path) -> None:
    more = [*DIGITAL, "    variants:", "      - {id: s, label: S, price: 0}"]
    more += ["      - {id: m, label: M, price: }"]

    (product,) = document(tmp_path, a_file(*more)).definition.add_ons

    assert [variant.price_cents for variant in product.variants] == [0, None]


def test_no_two_campaigns_sell_one_product_and_neither_is_published(tmp_path: Path) -> None:
    (tmp_path / "bridge.md").write_text(a_file(*DIGITAL).replace("slug: ferry", "slug: bridge"))

    found = read(tmp_path, a_file(*DIGITAL))

    assert [(each.file, each.line, each.field) for each in found.mistakes] == [
        ("bridge.md", 8, "campaign_add_ons"),
        ("ferry.md", 8, "campaign_add_ons"),
    ]
    assert found.campaigns == ()


def test_no_campaign_sells_what_the_platform_sells(tmp_path: Path) -> None:
    (tmp_path / "platform.yml").write_text(
        "add_ons:\n  products: [{id: disc, name: A disc, price: 9, category: digital}]\n"
    )

    mistake = the_mistake(tmp_path, a_file(*DIGITAL))

    assert (mistake.file, mistake.field) == ("ferry.md", "campaign_add_ons")
    assert "“disc” is also sold in platform.yml" in mistake.message


def settings(folder: Path, text: str) -> PlatformDefinition:
    (folder / "platform.yml").write_text(text)
    found = read(folder, a_file())
    assert found.mistakes == ()
    return found.platform.definition


def test_a_tax_table_has_countries_states_and_a_row_for_the_rest(tmp_path: Path) -> None:
    definition = settings(
        tmp_path,
        "pricing:\n"
        "  tax_provider: table\n"
        "  tax_table:\n"
        "    version: 2026-01\n"
        "    default: 0\n"
        "    countries:\n"
        "      ES: 0.210\n"
        "      US:\n"
        "        rate: 0.01\n"
        "        states:\n"
        "          NM: 0.04875\n"
        "          NY: {rate: 0.08875, taxes_shipping: true}\n"
        "      CA: {states: {QC: 0.14975}}\n",
    )

    table = definition.tax_table
    assert table is not None
    assert (definition.tax_provider, table.version, table.default.rate) == ("table", "2026-01", "0")
    assert table.rows == {
        "ES": TaxRow(rate="0.21"),
        "US": TaxRow(rate="0.01"),
        "US-NM": TaxRow(rate="0.04875"),
        "US-NY": TaxRow(rate="0.08875", taxes_shipping=True),
        "CA-QC": TaxRow(rate="0.14975"),
    }


def test_countries_are_posted_to_by_the_rules_or_at_a_rate_of_their_own(tmp_path: Path) -> None:
    definition = settings(
        tmp_path, "shipping: {countries: [US, {country: CA, rate: 12.50}, {country: DE, rate: 0}]}"
    )

    assert definition.shipping_countries == {"US": None, "CA": 1_250, "DE": 0}


def test_the_carrier_is_off_until_somebody_says_so(tmp_path: Path) -> None:
    assert not settings(tmp_path, "shipping: {usps: {}}").carrier.is_enabled

    carrier = settings(
        tmp_path,
        "shipping:\n  usps: {enabled: true, timeout_ms: 2500, cache_seconds: 0,"
        " domestic_classes: [MEDIA_MAIL, PRIORITY_MAIL], when_away: refuse}\n",
    ).carrier
    assert (carrier.is_enabled, carrier.timeout_ms, carrier.cache_seconds) == (True, 2_500, 0)
    assert carrier.domestic_classes == ("MEDIA_MAIL", "PRIORITY_MAIL")
    assert (carrier.cooldown_seconds, carrier.busy_cooldown_seconds) == (300, 1_800)
    assert carrier.when_away == "refuse"


@pytest.mark.parametrize(
    ("text", "line", "field", "says"),
    [
        pytest.param(
            "pricing:\n  tax_provider: table\n", 2, "pricing.tax_table", "missing", id="no table"
        ),
        pytest.param(
            "pricing:\n  tax_table:\n    countries: {ES: 0.21}\n",
            3,
            "pricing.tax_table.default",
            "missing",
            id="no row for the rest",
        ),
        pytest.param(
            "pricing:\n  tax_table:\n    default: 0\n    countries:\n      ES: 21\n",
            5,
            "pricing.tax_table.countries.ES",
            "up to (not including) 1",
            id="per cent for a rate",
        ),
        pytest.param(
            "pricing:\n  tax_table:\n    default: 0\n    countries:\n      EU: 0.2\n",
            5,
            "pricing.tax_table.countries.EU",
            "two letters",
            id="a union",
        ),
        pytest.param(
            "pricing:\n  tax_table:\n    default: 0\n    countries:\n      US: {}\n",
            5,
            "pricing.tax_table.countries.US",
            "neither",
            id="a country of nothing",
        ),
        pytest.param(
            "pricing:\n  tax_table:\n    default: 0\n    countries:\n      US:\n"
            "        states:\n          ZZ: 0.1\n",
            7,
            "pricing.tax_table.countries.US.states.ZZ",
            "not a state",
            id="no such state",
        ),
        pytest.param(
            "pricing:\n  tax_provider: oracle\n",
            2,
            "pricing.tax_provider",
            "“oracle” is none of flat, table",
            id="provider",
        ),
        pytest.param(
            "shipping:\n  countries: [US, us]\n",
            2,
            "shipping.countries[1]",
            "“us” is not a country",
            id="small letters",
        ),
        pytest.param(
            "shipping:\n  countries:\n    - US\n    - {country: US, rate: 4}\n",
            4,
            "shipping.countries[1]",
            "“US” twice",
            id="a country twice",
        ),
        pytest.param(
            "shipping:\n  countries: [{country: CA}]\n",
            2,
            "shipping.countries[0].rate",
            "missing",
            id="no rate",
        ),
        pytest.param(
            "shipping:\n  usps: {client_secret: x}\n",
            2,
            "shipping.usps.client_secret",
            "not a field",
            id="a secret",
        ),
        pytest.param(
            "shipping:\n  usps: {timeout_ms: 60000}\n",
            2,
            "shipping.usps.timeout_ms",
            "between 100 and 10,000",
            id="a minute",
        ),
        pytest.param(
            "shipping:\n  usps: {domestic_classes: [OWL]}\n",
            2,
            "shipping.usps.domestic_classes[0]",
            "“OWL” is none of",
            id="class",
        ),
        pytest.param(
            "shipping:\n  usps: {enabled: true}\n  origin_country: DE\n"
            "  origin_postal_code: '10115'\n",
            2,
            "shipping.usps",
            "United States only",
            id="from abroad",
        ),
        pytest.param(
            "shipping:\n  origin_postal_code: 8712\n",
            2,
            "shipping.origin_postal_code",
            "five digits",
            id="ZIP",
        ),
        pytest.param(
            "add_ons:\n  products:\n    - {id: a, name: A, price: 1, category: digital}\n"
            "    - {id: a, name: A, price: 1, category: digital}\n",
            4,
            "add_ons.products[1].id",
            "“a” twice",
            id="a product twice",
        ),
    ],
)
def test_a_mistake_in_the_platforms_prices_is_named(
    tmp_path: Path, text: str, line: int, field: str, says: str
) -> None:
    (tmp_path / "platform.yml").write_text(text)

    (mistake,) = check_folder(tmp_path)

    assert (mistake.file, mistake.line, mistake.field) == ("platform.yml", line, field)
    assert says in mistake.message
