"""What people and operators ask about one order, and the two ways they end its card step."""

import asyncio

from contracts.ids import ORDER_PATTERN, CampaignSlug, OrderId, is_slug
from contracts.refusals import InputRefused, NotFound, StateRefused
from services.chassis.database import Connection, Pool, transaction
from services.chassis.stopping import unless
from services.checkout.answers import (
    AddOnInventory,
    Ended,
    Inventory,
    OrderStatus,
    Summary,
    inventory_of,
    left_of,
    summary_of,
)
from services.checkout.bodies import OrderBody
from services.checkout.cards import CardWarning
from services.checkout.handlers.care_for_cards import warn_about
from services.checkout.handlers.settle_session import answering_within, found, settle_session
from services.checkout.orders import Order, public_status
from services.checkout.queries import campaigns, cards, shares, stock
from services.checkout.stock import PLATFORM_SHELF, units_of
from services.checkout.stripe_gateway import StripeGateway

ASK_SECONDS = 8.0
WAIT_SECONDS_MAX = 10.0
LOOK_SECONDS = (0.05, 0.1, 0.2, 0.4)


async def complete(pool: Pool, stripe: StripeGateway, body: OrderBody) -> Ended:
    """Ask Stripe whether the card is saved and, if so, complete the order.

    For the browser whose webhook is late. Asked again it answers the same.
    """
    order_id = order_id_of(body.order_id)
    async with transaction(pool) as conn:
        order = await found(conn, order_id)
    if body.session_id and order.session_id and body.session_id != order.session_id:
        raise StateRefused("conflict", "This session belongs to another order.")
    async with answering_within(ASK_SECONDS):
        order = await settle_session(pool, stripe, order_id)
    await require_saved(pool, order)
    async with transaction(pool) as conn:
        return _ended(order, card_warning=await _warning(conn, order))


async def abandon(pool: Pool, stripe: StripeGateway, body: OrderBody) -> Ended:
    """End the card step: units are free once Stripe agreed. A saved card is adopted."""
    order_id = order_id_of(body.order_id)
    async with transaction(pool) as conn:
        before = await found(conn, order_id)
    if before.status == "opening":
        raise StateRefused("conflict", "This checkout is still being started.")
    if before.status != "open":
        return _ended(before)
    async with answering_within(ASK_SECONDS):
        order = await settle_session(pool, stripe, order_id, expire=True, ended_as="abandoned")
    released = 0
    if order.status == "abandoned":
        released = sum(each.quantity for each in units_of(order.pledges))
    return _ended(order, released=released)


async def wait_for_status(
    pool: Pool, order_id: str, wait_seconds: float, stopping: asyncio.Event
) -> OrderStatus:
    """Return the status, waiting for `persisted` at most so long, and not for a process that ends.

    Looks often at first, and holds no connection in between.
    """
    wanted = order_id_of(order_id)
    loop = asyncio.get_running_loop()
    # Written so that "nan" seconds are none: a comparison with it is never true.
    limit = loop.time() + (min(wait_seconds, WAIT_SECONDS_MAX) if wait_seconds > 0 else 0.0)
    looks = iter(LOOK_SECONDS)
    while True:
        async with transaction(pool) as conn:
            order = await found(conn, wanted)
            card_warning = await _warning(conn, order)
        is_moving = order.status in ("opening", "open", "completed")
        left = limit - loop.time()
        if not is_moving or left <= 0 or stopping.is_set():
            return OrderStatus(
                order_id=order.order_id,
                persisted=order.status == "persisted",
                status=public_status(order.status),
                card_warning=card_warning,
            )
        pause = min(next(looks, LOOK_SECONDS[-1]), left)
        await unless(stopping, asyncio.sleep(pause))


async def summarise(conn: Connection, order_id: str) -> Summary:
    """Return what the success page shows to whoever knows the order's id."""
    order = await found(conn, order_id_of(order_id))
    return summary_of(
        order,
        shares=await shares.list_shares(conn, order.order_id),
        titles=await campaigns.titles(conn, [pledge.campaign for pledge in order.pledges]),
        card_warning=await _warning(conn, order),
    )


async def inventory(conn: Connection, slug: str) -> Inventory:
    """Return the stock of a campaign's limited tiers and add-ons."""
    campaign = CampaignSlug(slug)
    known = await campaigns.titles(conn, [campaign]) if is_slug(slug) else {}
    if not known:
        raise NotFound("campaign_not_found", "There is no such campaign.")
    version = await stock.find_version(conn, campaign)
    return inventory_of(slug, await stock.list_levels(conn, campaign), version)


async def add_on_inventory(conn: Connection) -> AddOnInventory:
    """Return the stock of the platform's own limited products."""
    platform = await campaigns.platform(conn)
    version = await stock.find_version(conn, PLATFORM_SHELF)
    levels = await stock.list_levels(conn, PLATFORM_SHELF)
    return AddOnInventory(
        add_ons=left_of(levels.add_ons),
        low_stock_threshold=platform.add_ons_low_stock,
        version=version,
    )


def order_id_of(text: str) -> OrderId:
    """Return an order's id, or refuse what cannot be one."""
    if not ORDER_PATTERN.fullmatch(text):
        raise InputRefused(
            "invalid_order_id", "That is no order.", fields={"orderId": "not an order id"}
        )
    return OrderId(text)


async def require_saved(pool: Pool, order: Order) -> None:
    """Refuse with the reason when no pledge comes of the order."""
    if order.status in ("completed", "persisted"):
        return
    status = public_status(order.status)
    if order.status == "too_late":
        async with transaction(pool) as conn:
            reasons = [share.reason for share in await shares.list_shares(conn, order.order_id)]
        reason = "sold_out" if set(reasons) == {"sold_out"} else "deadline_passed"
        raise StateRefused(reason, "The card was saved too late.", status=status)
    raise StateRefused("not_complete", "No card is saved for this order.", status=status)


async def _warning(conn: Connection, order: Order) -> CardWarning | None:
    """Return what is to be said at once about the card an order saved."""
    if order.status not in ("completed", "persisted"):
        return None
    card = await cards.find_card_of_order(conn, order.order_id)
    return await warn_about(conn, card, [pledge.campaign for pledge in order.pledges])


def _ended(order: Order, *, released: int = 0, card_warning: CardWarning | None = None) -> Ended:
    return Ended(
        success=True,
        order_id=order.order_id,
        status=public_status(order.status),
        persisted=order.status == "persisted",
        released=released,
        card_warning=card_warning,
    )
