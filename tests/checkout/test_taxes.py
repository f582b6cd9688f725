"""What is taxed, where, at which rate, and by which list."""

import pytest

from contracts.campaign import TaxRow, TaxTable
from contracts.money import Cents
from contracts.pricing import Address
from services.checkout.domain.taxes import Tax, Taxable, tax
from tests.checkout.goods import BERLIN, HOME, a_line, a_platform, figures, posted

TABLE = TaxTable(
    default=TaxRow(rate="0"),
    rows={
        "US": TaxRow(rate="0.01"),
        "US-NM": TaxRow(rate="0.04875"),
        "US-NY": TaxRow(rate="0.08875", taxes_shipping=True),
        "DE": TaxRow(rate="0.19"),
    },
    version="2026-01",
)
TABLED = a_platform(tax_provider="table", tax_table=TABLE)


def at(country: str, province: str = "") -> Address:
    return Address(country=country, province=province, postal_code="1")


def taxed(destination: Address | None, subtotal: int = 2_000, shipping: int = 300) -> Tax:
    return tax(
        Taxable(subtotal_cents=subtotal, shipping_cents=shipping, destination=destination), TABLED
    )


@pytest.mark.parametrize(
    ("destination", "place", "cents"),
    [
        pytest.param(at("US", "NM"), "US-NM", 98, id="the state's row"),
        pytest.param(at("us", " new  mexico "), "US-NM", 98, id="by its name"),
        pytest.param(at("US", "TX"), "US", 20, id="another state has the country's"),
        pytest.param(at("US"), "US", 20, id="no state"),
        pytest.param(at("DE", "NM"), "DE", 380, id="a state's letters elsewhere"),
        pytest.param(at("FR"), "", 0, id="nowhere listed"),
        pytest.param(at("US", "NY"), "US-NY", 204, id="where posting is taxed"),
    ],
)
def test_the_closest_row_of_the_table_holds(destination: Address, place: str, cents: int) -> None:
    found = taxed(destination)

    assert (found.details.jurisdiction, found.cents, found.state) == (place, cents, "quoted")
    assert found.details.rate_version == "2026-01"


def test_example_g_posting_is_taxed_with_the_subtotal_and_rounded_once() -> None:
    price = posted(
        a_line("poster", is_physical=True, unit_cents=2_000),
        platform=TABLED,
        destination=Address(country="US", province="NY", postal_code="10001"),
        tip=0,
    )

    assert figures(price) == (2_000, 204, 300, 0, 2_504)
    assert price.tax_details is not None
    assert price.tax_details.taxable_shipping_cents == 300


def test_without_a_destination_the_default_row_is_shown_and_may_change() -> None:
    found = taxed(None)

    assert (found.cents, found.state, found.why.rule) == (0, "needs_input", "table_default")


def test_where_the_payer_is_counts_before_where_things_go() -> None:
    price = posted(a_line(), platform=TABLED, destination=HOME, billing=BERLIN)

    assert price.tax_details is not None
    assert price.tax_details.jurisdiction == "DE"


def test_the_flat_rate_needs_no_destination_and_leaves_postage_alone() -> None:
    price = posted(destination=None)

    assert (price.tax_cents, price.tax_state) == (394, "quoted")
    assert price.tax_details is not None
    assert price.tax_details.taxable_subtotal_cents == 5_000
    assert price.tax_details.taxable_shipping_cents == 0
    assert price.tax_details.rate_version == "7"


def test_a_table_that_is_missing_taxes_everybody_at_the_one_rate() -> None:
    found = tax(
        Taxable(subtotal_cents=5_000, shipping_cents=0, destination=HOME),
        a_platform(tax_provider="table"),
    )

    assert (found.cents, found.details.rate) == (Cents(394), "0.07875")
