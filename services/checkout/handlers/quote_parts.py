"""The postage of a cart, or the tax of two sums, by themselves."""

import msgspec

from contracts.api.checkout import QuotedShipment, ShippingOption
from contracts.pricing import QuoteState, TaxShown, shown_tax
from services.chassis.storage.database import Connection
from services.checkout.domain.bodies import TaxBody, require_address
from services.checkout.domain.taxes import Taxable, destination_of, tax
from services.checkout.queries import campaigns


class ShippingQuote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What posting a cart costs. Without a destination the state is `needs_input`."""

    total_shipping_cents: int
    state: QuoteState
    states: dict[str, QuoteState]
    options: tuple[ShippingOption, ...]
    quotes: tuple[QuotedShipment, ...]
    currency: str


class TaxQuote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What two sums are taxed. Without a destination the state is `needs_input`."""

    tax_cents: int
    state: QuoteState
    states: dict[str, QuoteState]
    tax_details: TaxShown | None


async def quote_tax(conn: Connection, body: TaxBody) -> TaxQuote:
    """Return the tax of a subtotal and its postage at a destination."""
    require_address(body.shipping_address, "shippingAddress", is_posted_to=False)
    require_address(body.billing_address, "billingAddress", is_posted_to=False)
    destination = destination_of(body.billing_address, body.shipping_address)
    taxed = tax(
        Taxable(
            subtotal_cents=body.subtotal_cents,
            shipping_cents=body.shipping_cents,
            destination=destination,
        ),
        await campaigns.platform(conn),
    )
    state: QuoteState = taxed.state if destination else "needs_input"
    return TaxQuote(
        tax_cents=taxed.cents,
        state=state,
        states={"tax": state},
        tax_details=shown_tax(taxed.details),
    )
