"""What people's programs get, in the product's own names and units. Money is whole cents."""

from collections.abc import Mapping, Sequence

import msgspec

from contracts.api.checkout import CardWarning, Summary, SummaryCampaign
from contracts.events.checkout import StockLevel
from services.checkout.domain.orders import CampaignShare, Order, public_status
from services.checkout.domain.pricing import total_of
from services.checkout.domain.quotes import campaign_fields, figures_of
from services.checkout.domain.stock import Levels, remaining


class Ended(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where an order stands after somebody asked to complete or abandon it."""

    success: bool
    order_id: str
    status: str
    persisted: bool
    released: int = 0
    # The saved card expires before it can be charged, or charged again.
    card_warning: CardWarning | None = None


class OrderStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the browser asks for until the pledge is in the ledger."""

    order_id: str
    persisted: bool
    status: str
    card_warning: CardWarning | None = None


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


class Recount(Inventory, frozen=True, kw_only=True, rename="camel"):
    """The stock counted anew from what orders hold, and whether that changed anything."""

    corrected: bool


class AddOnInventory(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The stock of the platform's own limited products, the same for every campaign."""

    add_ons: dict[str, Left]
    low_stock_threshold: int
    version: int


class StockChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A limit an operator changed; null is no limit."""

    success: bool
    action: str
    campaign_slug: str | None
    tier_id: str | None
    product_id: str | None
    variant_id: str | None
    before: Left | None
    after: Left | None


class Recovered(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What came of an operator's recovery."""

    success: bool
    message: str
    order_id: str
    stripe_session_id: str | None
    status: str
    persisted: bool
    pledge_ids: tuple[str, ...]


class LostCheckout(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A checkout that Stripe has and we lost for good; `amount` in cents, as it was agreed to."""

    session_id: str
    order_id: str
    amount: str
    reason: str


class LostCheckouts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a page of Stripe's sessions came to. `after` is where the next begins; None: the end."""

    known: int
    made_again: int
    lost: tuple[LostCheckout, ...]
    after: str | None


def summary_of(
    order: Order,
    *,
    shares: Sequence[CampaignShare],
    titles: Mapping[str, str],
    card_warning: CardWarning | None = None,
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
                **campaign_fields(pledge),
                title=titles.get(pledge.campaign, pledge.campaign),
                pledge_id=pledge.pledge_id,
                state=known[pledge.campaign].state,
                reason=known[pledge.campaign].reason,
            )
            for pledge in order.pledges
        ),
        card_warning=card_warning,
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
    return {name: _left(level) for name, level in levels.items()}


def left_in(level: StockLevel | None) -> Left | None:
    """Return one level as people read it; None is no limit."""
    return _left(level) if level is not None else None


def _left(level: StockLevel) -> Left:
    return Left(
        limit=level.limit_total,
        claimed=level.claimed,
        reserved=level.reserved,
        remaining=remaining(level),
    )
