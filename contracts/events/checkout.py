"""What checkout says about orders and stock."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from contracts.events.base import Event
from contracts.ids import CampaignSlug, OrderId, PledgeId, SupporterId
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
    """What the supporter agreed to: version, language and hash of the sentences, and when.

    The sentences are in `contracts/consent.py`; `hash` is their SHA-256 in hexadecimal.
    """

    version: str
    language: str
    given_at: datetime
    hash: str = ""


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """Where the visitor came from: the `ref` code and the UTM words."""

    ref: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_content: str = ""
    utm_term: str = ""


class RefusedPart(msgspec.Struct, frozen=True, kw_only=True):
    """What of an order did not become a pledge: the campaign it was for, and why."""

    campaign: CampaignSlug
    reason: Literal["sold_out", "deadline_passed", "closed"]


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
    # What of the same order was refused already: whoever confirms the rest names it.
    refused: tuple[RefusedPart, ...] = ()


class CheckoutRefused(Event, frozen=True, kw_only=True, tag="checkout.refused"):
    """A card was saved for something that can no longer be had. Nothing is pledged.

    An order has one mail: `is_told` when another event of the order tells of this refusal,
    `also` is what this one has to tell beside its own.
    """

    order_id: OrderId
    email: str
    language: str
    campaign: CampaignSlug
    reason: Literal["sold_out", "deadline_passed"]
    is_told: bool = False
    also: tuple[RefusedPart, ...] = ()


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


class CardSaved(Event, frozen=True, kw_only=True, tag="checkout.card_saved"):
    """A pledge has another card from `saved_at` on (`replaced`), or its bank gave the same
    card new data (`refreshed`: the Stripe id and `saved_at` are those we had)."""

    order_id: OrderId
    pledge_id: PledgeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    card: Card
    saved_at: datetime
    reason: Literal["replaced", "refreshed"] = "replaced"


class CardNoticeDue(Event, frozen=True, kw_only=True, tag="checkout.card_notice_due"):
    """The card that will be charged will not last, and its owner is to be told.

    `days_left` before the deadline. It `expires` before `needed_until` (deadline and recovery
    window), or it is `unusable` already: Stripe does not have it any more.
    """

    campaign: CampaignSlug
    supporter_id: SupporterId
    email: str
    language: str
    pledge_ids: tuple[PledgeId, ...]
    card: Card
    deadline_at: datetime
    needed_until: datetime
    days_left: int
    reason: Literal["expires", "unusable"] = "expires"


class StripeEventReceived(Event, frozen=True, kw_only=True, tag="checkout.stripe_event_received"):
    """Stripe told us something that others act upon; signature and mode were verified.

    `object` is the object of the event as Stripe sent it. It is None when it is too large for
    the bus: then it is read back by `object_id`. Subject key: the type, `.` written as `_`.
    """

    stripe_event_id: str
    stripe_type: str
    created_at: datetime
    object_id: str
    object: dict[str, Any] | None


class AddOnStockChanged(Event, frozen=True, kw_only=True, tag="checkout.add_on_stock_changed"):
    """The stock of the platform's own limited products as of `version`.

    One stock for all campaigns: whoever buys one anywhere takes it from everybody.
    """

    version: int
    add_ons: dict[str, StockLevel]
