"""What people's programs get, in the product's own names and units. Money is whole cents."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from contracts.events.checkout import StockLevel
from contracts.pricing import PricedLine, PricedPledge, Why
from services.checkout.orders import CampaignShare, Order, public_status
from services.checkout.pricing import STANDARD, Totals, has_physical, total_of
from services.checkout.stock import Levels, named, remaining


class Figures(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whole cents, always these six."""

    subtotal: int
    shipping: int
    tax: int
    tip_percent: int
    tip_amount: int
    amount: int


class Line(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing in a pledge."""

    id: str
    kind: str
    label: str
    quantity: int
    unit_amount: int
    amount: int
    is_physical: bool


class QuotedCampaign(Figures, frozen=True, kw_only=True, rename="camel"):
    """One campaign's share, with the reason of every figure."""

    campaign_slug: str
    lines: tuple[Line, ...]
    why: tuple[Why, ...]


class ShippingOption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A way of posting the order, and its price in cents."""

    id: str
    amount: int


class Quote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a cart costs. Nothing is reserved."""

    totals: Figures
    campaigns: tuple[QuotedCampaign, ...]
    shipping_options: tuple[ShippingOption, ...]
    states: dict[str, str]
    currency: str


class Started(Quote, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A checkout that waits for a card: on our page, or on Stripe's."""

    checkout_ui_mode: str
    order_id: str
    session_id: str
    client_secret: str | None = None
    publishable_key: str | None = None
    url: str | None = None


class Ended(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where an order stands after somebody asked to complete or abandon it."""

    success: bool
    order_id: str
    status: str
    persisted: bool
    released: int = 0


class OrderStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the browser asks for until the pledge is in the ledger."""

    order_id: str
    persisted: bool
    status: str


class SummaryCampaign(QuotedCampaign, frozen=True, kw_only=True, rename="camel"):
    """One campaign's share as the success page shows it."""

    title: str
    pledge_id: str
    state: str
    reason: str | None


class Summary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the success page shows: no address, no e-mail, no card."""

    order_id: str
    status: str
    persisted: bool
    created_at: datetime
    completed_at: datetime | None
    shipping_collected: bool
    currency: str
    totals: Figures
    campaigns: tuple[SummaryCampaign, ...]


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """The stock of one limited tier or add-on."""

    limit: int
    claimed: int
    reserved: int
    remaining: int


class Inventory(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The stock of a campaign's limited tiers and add-ons."""

    campaign_slug: str
    tiers: dict[str, Left]
    add_ons: dict[str, Left]
    version: int


class AddOnInventory(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The stock of the platform's own limited products, the same for every campaign."""

    add_ons: dict[str, Left]
    low_stock_threshold: int
    version: int


class Recovered(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What came of an operator's recovery."""

    success: bool
    message: str
    order_id: str
    stripe_session_id: str | None
    status: str
    persisted: bool
    pledge_ids: tuple[str, ...]


def quote_of(pledges: Sequence[PricedPledge]) -> Quote:
    """Return the public form of a priced cart."""
    return Quote(**quote_fields(pledges))


def quote_fields(pledges: Sequence[PricedPledge]) -> dict[str, Any]:
    """Return a quote field by field: it is also a part of other answers."""
    totals = total_of(pledges)
    is_posted = has_physical(pledges)
    sources = {pledge.price.shipping_source for pledge in pledges}
    return {
        "totals": figures_of(totals),
        "campaigns": tuple(_campaign(pledge) for pledge in pledges),
        "shipping_options": (
            (ShippingOption(id=STANDARD, amount=totals.shipping_cents),) if is_posted else ()
        ),
        "states": {
            "tax": "quoted",
            "shipping": "fallback_used" if "fallback" in sources else "quoted",
        },
        "currency": pledges[0].currency,
    }


def figures_of(totals: Totals) -> Figures:
    """Return the figures under their public names."""
    return Figures(
        subtotal=totals.subtotal_cents,
        shipping=totals.shipping_cents,
        tax=totals.tax_cents,
        tip_percent=totals.tip_percent,
        tip_amount=totals.tip_cents,
        amount=totals.total_cents,
    )


def summary_of(
    order: Order, *, shares: Sequence[CampaignShare], titles: Mapping[str, str]
) -> Summary:
    """Return what the success page shows of an order."""
    known = {share.campaign: share for share in shares}
    return Summary(
        order_id=order.order_id,
        status=public_status(order.status),
        persisted=order.status == "persisted",
        created_at=order.created_at,
        completed_at=order.completed_at,
        shipping_collected=order.shipping_address is not None,
        currency=order.pledges[0].currency,
        totals=figures_of(total_of(order.pledges)),
        campaigns=tuple(
            SummaryCampaign(
                **_campaign_fields(pledge),
                title=titles.get(pledge.campaign, pledge.campaign),
                pledge_id=pledge.pledge_id,
                state=known[pledge.campaign].state,
                reason=known[pledge.campaign].reason,
            )
            for pledge in order.pledges
        ),
    )


def inventory_of(slug: str, levels: Levels, version: int) -> Inventory:
    """Return the public stock of a campaign."""
    return Inventory(
        campaign_slug=slug,
        version=version,
        tiers=left_of(levels.tiers),
        add_ons=left_of(levels.add_ons),
    )


def left_of(levels: Mapping[str, StockLevel]) -> dict[str, Left]:
    """Return levels with what remains, as people read them."""
    return {
        name: Left(
            limit=level.limit_total,
            claimed=level.claimed,
            reserved=level.reserved,
            remaining=remaining(level),
        )
        for name, level in levels.items()
    }


def _campaign(pledge: PricedPledge) -> QuotedCampaign:
    return QuotedCampaign(**_campaign_fields(pledge))


def _campaign_fields(pledge: PricedPledge) -> dict[str, Any]:
    figures = figures_of(total_of([pledge]))
    return {
        **msgspec.structs.asdict(figures),
        "campaign_slug": pledge.campaign,
        "lines": tuple(_line(pledge, line) for line in pledge.lines),
        "why": pledge.price.why,
    }


def _line(pledge: PricedPledge, line: PricedLine) -> Line:
    return Line(
        id=_cart_id(pledge, line),
        kind=line.kind,
        label=line.label,
        quantity=line.quantity,
        unit_amount=line.unit_cents,
        amount=line.total_cents,
        is_physical=line.is_physical,
    )


def _cart_id(pledge: PricedPledge, line: PricedLine) -> str:
    """Return the id under which the line was in the cart."""
    if line.kind == "add_on":
        return f"addon__{named(line.item_id, line.variant_id)}"
    inner = f"support__{line.item_id}" if line.kind == "support_item" else line.item_id
    return f"{pledge.campaign}__{inner}"
