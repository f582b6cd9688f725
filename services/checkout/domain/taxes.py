"""What a pledge is taxed: a seam with one function per provider. Pure.

Source: decisions "Cart, price, stock"; product rules 4.
"""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from contracts.campaign import PlatformDefinition, TaxRow, TaxTable
from contracts.money import Cents, apply_rate
from contracts.pricing import Address, QuoteState, TaxDetails, Why
from contracts.regions import region_code

EVERYWHERE = ""


class Taxable(msgspec.Struct, frozen=True, kw_only=True):
    """What may be taxed, and where it goes. Tips never are."""

    subtotal_cents: int
    shipping_cents: int
    destination: Address | None


class Tax(msgspec.Struct, frozen=True, kw_only=True):
    """A tax, how it came about, and how sure it is."""

    cents: Cents
    details: TaxDetails
    why: Why
    state: QuoteState = "quoted"


def tax(taxable: Taxable, platform: PlatformDefinition) -> Tax:
    """Return the tax by the platform's provider, rounded half up, once."""
    return PROVIDERS[platform.tax_provider](taxable, platform)


def destination_of(billing: Address | None, shipping: Address | None) -> Address | None:
    """Return where a pledge is taxed: where the payer is, else where its things go."""
    return billing or shipping


def _flat(taxable: Taxable, platform: PlatformDefinition) -> Tax:
    """One rate for every subtotal, wherever it goes; what is posted is untaxed."""
    rate = platform.sales_tax_rate
    cents = apply_rate(taxable.subtotal_cents, Decimal(rate))
    return Tax(
        cents=cents,
        details=TaxDetails(
            provider="flat",
            source="sales_tax_rate",
            rate=rate,
            rate_version=str(platform.version),
            taxable_subtotal_cents=Cents(taxable.subtotal_cents),
        ),
        why=Why(
            figure="tax",
            rule="flat_rate",
            inputs={"rate": rate, "baseCents": taxable.subtotal_cents, "cents": cents},
        ),
    )


def _table(taxable: Taxable, platform: PlatformDefinition) -> Tax:
    """The rate of the state, else of the country, else the default row's.

    Without a destination the default row is shown, and the state says that it may change.
    """
    table = platform.tax_table or TaxTable(default=TaxRow(rate=platform.sales_tax_rate))
    place, row = _row(table, taxable.destination)
    shipping = taxable.shipping_cents if row.taxes_shipping else 0
    base = taxable.subtotal_cents + shipping
    cents = apply_rate(base, Decimal(row.rate))
    version = table.version or str(platform.version)
    is_known = taxable.destination is not None
    return Tax(
        cents=cents,
        details=TaxDetails(
            provider="table",
            source=f"tax_table:{place or 'default'}",
            rate=row.rate,
            rate_version=version,
            jurisdiction=place,
            taxable_subtotal_cents=Cents(taxable.subtotal_cents),
            taxable_shipping_cents=Cents(shipping),
        ),
        why=Why(
            figure="tax",
            rule="table_rate" if is_known else "table_default",
            inputs={
                "rate": row.rate,
                "jurisdiction": place or "default",
                "version": version,
                "baseCents": base,
                "shippingCents": shipping,
                "cents": cents,
            },
        ),
        state="quoted" if is_known else "needs_input",
    )


def _row(table: TaxTable, destination: Address | None) -> tuple[str, TaxRow]:
    """Return the row that holds at a place, and its name."""
    if destination is not None:
        country = destination.country.upper()
        region = region_code(country, destination.province)
        for place in (f"{country}-{region}", country):
            if place in table.rows:
                return place, table.rows[place]
    return EVERYWHERE, table.default


PROVIDERS: dict[str, Callable[[Taxable, PlatformDefinition], Tax]] = {
    "flat": _flat,
    "table": _table,
}
