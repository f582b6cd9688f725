"""Prices as they travel in events: computed by checkout alone, believed by everybody."""

from typing import Literal

import msgspec

from contracts.ids import CampaignSlug, PledgeId
from contracts.money import Cents

LineKind = Literal["tier", "support_item", "custom_amount", "add_on"]
QuoteState = Literal["needs_input", "quoted", "fallback_used", "provider_unavailable"]
"""How sure a figure is: it waits for an address; it is the rule's; a flat rate stands in for
a quote nobody could give; or the carrier is away and no flat rate may stand in."""

ShippingOptionId = Literal["standard", "signature_required", "adult_signature_required"]
STANDARD: ShippingOptionId = "standard"


class PricedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a pledge, with the price it was pledged at."""

    kind: LineKind
    item_id: str
    label: str
    quantity: int
    unit_cents: Cents
    total_cents: Cents
    counts_toward_goal: bool = True
    is_physical: bool = False
    variant_id: str | None = None
    # What the supporter answered to the tier's own questions, by the question's name.
    answers: dict[str, str] = {}


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Which rule made a figure, from which inputs: the answer to "why this much?"."""

    figure: Literal["subtotal", "shipping", "tax", "tip", "amount"]
    rule: str
    inputs: dict[str, str | int] = {}


class TaxDetails(msgspec.Struct, frozen=True, kw_only=True):
    """How a pledge's tax came about: `rate` is a decimal string, `rate_version` names its list.

    `jurisdiction` is `US-NM`, `ES`, or empty where one rate holds everywhere.
    """

    provider: str
    source: str
    rate: str
    rate_version: str
    jurisdiction: str = ""
    taxable_subtotal_cents: Cents
    taxable_shipping_cents: Cents = Cents(0)


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel of a pledge: its campaign's own things, or the platform's products.

    `cents` is all of it, `option_cents` the part of it for the option; `offered` names the
    options this parcel could have, with what each would add.
    """

    scope: Literal["campaign", "platform"]
    cents: Cents
    source: Literal["free", "table", "usps", "fallback"]
    state: QuoteState = "quoted"
    option: ShippingOptionId = STANDARD
    option_cents: Cents = Cents(0)
    offered: dict[ShippingOptionId, Cents] = {}
    service: str = ""
    country: str = ""


class PriceBreakdown(msgspec.Struct, frozen=True, kw_only=True):
    """subtotal + shipping + tax + tip = total, in cents, each rounded half up.

    Progress counts `goal_cents` alone: tip, tax, shipping and platform add-ons are
    charged and never counted. `why` names the rule of every figure; the rules and their
    inputs are listed in services/checkout/README.md.
    """

    subtotal_cents: Cents
    shipping_cents: Cents
    tax_cents: Cents
    tip_percent: int
    tip_cents: Cents
    total_cents: Cents
    goal_cents: Cents
    tax_provider: str = "flat"
    tax_rate: str = "0"
    shipping_source: str = "none"
    tax_details: TaxDetails | None = None
    tax_state: QuoteState = "quoted"
    shipments: tuple[Shipment, ...] = ()
    shipping_option: ShippingOptionId = STANDARD
    shipping_state: QuoteState = "quoted"
    why: tuple[Why, ...] = ()

    def __post_init__(self) -> None:
        parts = self.subtotal_cents + self.shipping_cents + self.tax_cents + self.tip_cents
        if parts != self.total_cents:
            # A ValueError, so that a decoder refuses the message; an assert would go
            # through the decoder and end the process that received it.
            raise ValueError("a price must add up")


class PricedPledge(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign's share of an order: what is pledged and what it costs."""

    pledge_id: PledgeId
    campaign: CampaignSlug
    definition_version: int
    lines: tuple[PricedLine, ...]
    price: PriceBreakdown
    currency: str = "usd"
    # Support after a funded end: charged at once, beside the goal's total.
    is_late: bool = False


class Address(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a reward is posted. Names follow the public JSON."""

    name: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    province: str = ""
    postal_code: str = ""
    country: str = ""


class TaxShown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The same in public JSON, for a price and for a record alike."""

    provider: str
    source: str
    rate: str
    rate_version: str
    jurisdiction: str
    taxable_subtotal_cents: int
    taxable_shipping_cents: int


def shown_tax(details: TaxDetails | None) -> TaxShown | None:
    """Return how a tax came about as pages and programs are told of it."""
    return TaxShown(**msgspec.structs.asdict(details)) if details else None
