"""Prices as they travel in events: computed by checkout alone, believed by everybody."""

from typing import Literal

import msgspec

from contracts.ids import CampaignSlug, PledgeId
from contracts.money import Cents

LineKind = Literal["tier", "support_item", "custom_amount", "add_on"]


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


class PriceBreakdown(msgspec.Struct, frozen=True, kw_only=True):
    """subtotal + shipping + tax + tip = total, in cents, each rounded half up.

    Progress counts `goal_cents` alone: tip, tax, shipping and platform add-ons are
    charged and never counted.
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


class Address(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a reward is posted. Names follow the public JSON."""

    name: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    province: str = ""
    postal_code: str = ""
    country: str = ""
