"""What checkout says about orders and stock."""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.events.base import Event
from contracts.ids import CampaignSlug, OrderId, SupporterId
from contracts.pricing import Address, PricedPledge


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A saved card as people know it, and the pair of Stripe ids that can charge it."""

    customer_id: str
    payment_method_id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    fingerprint: str = ""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """The sentence the supporter agreed to: its version and language, and when."""

    version: str
    language: str
    given_at: datetime


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """Where the visitor came from: the `ref` code and the UTM words."""

    ref: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_content: str = ""
    utm_term: str = ""


class CheckoutCompleted(Event, frozen=True, kw_only=True, tag="checkout.completed"):
    """A card is saved for an order. `completed_at` is Stripe's time and decides
    which side of a deadline the order is on."""

    order_id: OrderId
    supporter_id: SupporterId
    email: str
    language: str
    pledges: tuple[PricedPledge, ...]
    card: Card
    completed_at: datetime
    consent: Consent | None = None
    attribution: Attribution | None = None
    shipping_address: Address | None = None


class CheckoutRefused(Event, frozen=True, kw_only=True, tag="checkout.refused"):
    """A card was saved for something that can no longer be had. Nothing is pledged."""

    order_id: OrderId
    email: str
    language: str
    campaign: CampaignSlug
    reason: Literal["sold_out", "deadline_passed"]


class CheckoutDrained(Event, frozen=True, kw_only=True, tag="checkout.drained"):
    """No checkout of this campaign is open or undecided any more.

    The ledger closes when it has applied exactly the orders counted and hashed here:
    SHA-256 over the sorted order ids joined by newlines.
    """

    campaign: CampaignSlug
    order_count: int
    order_hash: str


class StockLevel(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a limited thing are claimed by pledges and reserved by open checkouts."""

    limit_total: int
    claimed: int
    reserved: int


class StockChanged(Event, frozen=True, kw_only=True, tag="checkout.stock_changed"):
    """The stock of a campaign's limited tiers and add-ons as of `version`.

    Add-ons are named as in a cart, without `addon__`: `{productId}`, or
    `{productId}__variant__{variantId}` where a product has variants.
    """

    campaign: CampaignSlug
    version: int
    tiers: dict[str, StockLevel]
    add_ons: dict[str, StockLevel] = msgspec.field(default_factory=dict)


class AddOnStockChanged(Event, frozen=True, kw_only=True, tag="checkout.add_on_stock_changed"):
    """The stock of the platform's own limited products as of `version`.

    One stock for all campaigns: whoever buys one anywhere takes it from everybody.
    """

    version: int
    add_ons: dict[str, StockLevel]
