"""What people and operators ask about one order, and the two ways they end its card step."""

import asyncio

from contracts.api.checkout import CardWarning
from contracts.refusals import StateRefused
from services.chassis.process.stopping import unless
from services.chassis.storage.database import Pool, transaction
from services.checkout.domain.answers import Ended, OrderStatus
from services.checkout.domain.bodies import OrderBody
from services.checkout.domain.orders import Order, public_status
from services.checkout.domain.stock import units_of
from services.checkout.handlers.complete_sessions import find_or_refuse_order
from services.checkout.handlers.show_orders import find_card_warning, order_id_of
from services.checkout.queries import shares
from services.checkout.steps.decide_order import answering_within, decide_order
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
        order = await find_or_refuse_order(conn, order_id)
    if body.session_id and order.session_id and body.session_id != order.session_id:
        raise StateRefused("conflict", "This session belongs to another order.")
    async with answering_within(ASK_SECONDS):
        order = await decide_order(pool, stripe, order_id)
    await require_saved(pool, order)
    async with transaction(pool) as conn:
        return _ended(order, card_warning=await find_card_warning(conn, order))


async def abandon(pool: Pool, stripe: StripeGateway, body: OrderBody) -> Ended:
    """End the card step: units are free once Stripe agreed. A saved card is adopted."""
    order_id = order_id_of(body.order_id)
    async with transaction(pool) as conn:
        before = await find_or_refuse_order(conn, order_id)
    if before.status == "opening":
        raise StateRefused("conflict", "This checkout is still being started.")
    if before.status != "open":
        return _ended(before)
    async with answering_within(ASK_SECONDS):
        order = await decide_order(pool, stripe, order_id, expire=True, ended_as="abandoned")
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
            order = await find_or_refuse_order(conn, wanted)
            card_warning = await find_card_warning(conn, order)
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


def _ended(order: Order, *, released: int = 0, card_warning: CardWarning | None = None) -> Ended:
    return Ended(
        success=True,
        order_id=order.order_id,
        status=public_status(order.status),
        persisted=order.status == "persisted",
        released=released,
        card_warning=card_warning,
    )
