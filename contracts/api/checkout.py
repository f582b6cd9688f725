"""What checkout answers about a cart and an order. Money is whole cents."""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.api.figures import CardFace, Figures
from contracts.pricing import LineKind, QuoteState, TaxShown, Why


class QuotedLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing in a pledge."""

    id: str
    kind: LineKind
    label: str
    quantity: int
    unit_amount: int
    amount: int
    is_physical: bool
    counts_toward_goal: bool


class QuotedShipment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One parcel: `amount` is all of it, `optionAmount` the part of it for the option."""

    scope: str
    source: str
    carrier: str
    service: str
    country: str
    option: str
    option_amount: int
    amount: int
    state: str


class QuotedCampaign(Figures, frozen=True, kw_only=True, rename="camel"):
    """One campaign's share, with the reason of every figure and the price of every parcel."""

    campaign_slug: str
    lines: tuple[QuotedLine, ...]
    why: tuple[Why, ...]
    shipping_option: str
    shipments: tuple[QuotedShipment, ...]
    tax_details: TaxShown | None
    # Support after a funded end: the card is charged as soon as it is saved.
    charged_now: bool


class ShippingOption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A way of posting the order: the price of all its parcels, and the option's part in it."""

    id: str
    amount: int
    surcharge: int
    selected: bool


class Quote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a cart costs. Nothing is reserved."""

    totals: Figures
    campaigns: tuple[QuotedCampaign, ...]
    shipping_options: tuple[ShippingOption, ...]
    states: dict[str, QuoteState]
    currency: str


class Started(Quote, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A checkout that waits for a card: on our page, or on Stripe's."""

    checkout_ui_mode: str
    order_id: str
    session_id: str
    client_secret: str | None = None
    publishable_key: str | None = None
    url: str | None = None


class CardWarning(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a person is told at once about a card that will not last."""

    exp_month: int
    exp_year: int
    needed_until: datetime
    reason: Literal["expires_early"] = "expires_early"


class SummaryCampaign(QuotedCampaign, frozen=True, kw_only=True, rename="camel"):
    """One campaign's share as the success page shows it."""

    title: str
    pledge_id: str
    state: str
    reason: str | None


class Summary(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the success page shows: no address, no e-mail, of the card that it is too old."""

    order_id: str
    status: str
    persisted: bool
    created_at: datetime
    completed_at: datetime | None
    shipping_collected: bool
    currency: str
    totals: Figures
    campaigns: tuple[SummaryCampaign, ...]
    card_warning: CardWarning | None = None


class OtherCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card of the same supporter in the same campaign, and how many pledges are on it."""

    brand: str
    last4: str
    pledges: int


class CardUpdateStarted(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """A session that waits for a card: on our page, or on Stripe's.

    `other_cards`: cards of further pledges, which the new one will pay for as well.
    """

    checkout_ui_mode: str
    session_id: str
    client_secret: str | None = None
    publishable_key: str | None = None
    url: str | None = None
    other_cards: tuple[OtherCard, ...] = ()


class CardUpdated(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The card that is saved for the pledge now, with what is to be said about it."""

    success: bool
    card: CardFace
    card_warning: CardWarning | None = None
