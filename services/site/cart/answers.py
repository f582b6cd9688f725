"""What checkout answers about a cart or an order, as far as pages read it."""

from datetime import datetime
from typing import Any

import msgspec


class Figures(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whole cents."""

    subtotal: int = 0
    shipping: int = 0
    tax: int = 0
    tip_percent: int = 0
    tip_amount: int = 0
    amount: int = 0


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Which rule made a figure, from which inputs."""

    figure: str
    rule: str
    inputs: dict[str, str | int | float | bool | None] = {}


class Line(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing and what it costs."""

    id: str
    kind: str
    label: str
    quantity: int = 1
    amount: int = 0
    is_physical: bool = False


class Share(Figures, frozen=True, kw_only=True, rename="camel"):
    """One campaign's part of it."""

    campaign_slug: str
    lines: tuple[Line, ...] = ()
    why: tuple[Why, ...] = ()
    # Support after a funded end: the card is charged as soon as it is saved.
    charged_now: bool = False


class ShippingOption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A way of posting: what all of it costs, and what it adds to the plain way."""

    id: str
    amount: int
    surcharge: int = 0
    selected: bool = False


class Quote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a cart costs now."""

    totals: Figures
    campaigns: tuple[Share, ...]
    shipping_options: tuple[ShippingOption, ...] = ()
    states: dict[str, str] = {}


class Started(Quote, frozen=True, kw_only=True, rename="camel"):
    """A checkout that waits for a card."""

    checkout_ui_mode: str
    order_id: str
    session_id: str = ""
    url: str | None = None


class ReceiptShare(Share, frozen=True, kw_only=True, rename="camel"):
    """One campaign's part of an order, and what became of it."""

    title: str
    pledge_id: str = ""
    state: str = "pending"
    reason: str | None = None


class CardWarning(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A card that expires before it may be charged for the last time."""

    exp_month: int
    exp_year: int
    needed_until: datetime


class Receipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An order as whoever knows its id may see it."""

    order_id: str
    status: str
    persisted: bool = False
    totals: Figures
    campaigns: tuple[ReceiptShare, ...]
    card_warning: CardWarning | None = None


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Checkout said no, or could not be asked: `status` 503 and `error` `unavailable`."""

    status: int
    error: str
    message: str = ""
    fields: dict[str, str] = {}
    extra: dict[str, Any] = {}

    @property
    def campaign(self) -> str:
        """Return the campaign it is about, if it names one."""
        return str(self.extra.get("campaignSlug") or "")

    def quote(self) -> Quote | None:
        """Return the new figures a refused price brings along."""
        try:
            return msgspec.convert(self.extra, Quote)
        except msgspec.ValidationError:
            return None
