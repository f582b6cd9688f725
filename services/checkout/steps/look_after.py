"""Orders nobody spoke about for a while: a crash left them, or a webhook never came."""

import asyncio
from collections.abc import Awaitable, Iterable

from contracts.ids import OrderId
from contracts.refusals import StateRefused
from services.chassis.process import telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.stripe.client import StripeAway
from services.checkout.domain.orders import Status
from services.checkout.handlers.complete_sessions import SessionIncomplete
from services.checkout.handlers.end_order import end_order
from services.checkout.queries import card_updates, orders
from services.checkout.steps.decide_order import decide_order
from services.checkout.steps.decide_update import decide_update
from services.checkout.stripe_gateway import StripeGateway

log = telemetry.logger(__name__)

BATCH = 40
AT_ONCE = 8


async def look_after_orders(pool: Pool, stripe: StripeGateway) -> None:
    """Look at every undecided order whose time has come."""
    async with transaction(pool) as conn:
        due = await orders.take_due_orders(conn, BATCH)
    slots = asyncio.Semaphore(AT_ONCE)
    await _all_of(_look_after(pool, stripe, each, slots) for each in due)


async def look_after_updates(pool: Pool, stripe: StripeGateway) -> None:
    """Look at every card update that is undecided and whose time has come."""
    async with transaction(pool) as conn:
        due = await card_updates.take_due(conn, BATCH)
        for update_id, status in due:
            if status == "opening":
                # Nobody was given its session, if there is one.
                await card_updates.mark_over(conn, update_id)
    slots = asyncio.Semaphore(AT_ONCE)
    opened = [update_id for update_id, status in due if status == "open"]
    await _all_of(_look_at_update(pool, stripe, each, slots) for each in opened)


async def _all_of(looks: Iterable[Awaitable[None]]) -> None:
    """Let one look that fails keep nobody from theirs; its failure is raised after them."""
    for failed in await asyncio.gather(*looks, return_exceptions=True):
        if failed is not None:
            raise failed


async def _look_at_update(
    pool: Pool, stripe: StripeGateway, update_id: str, slots: asyncio.Semaphore
) -> None:
    async with slots:
        try:
            await decide_update(pool, stripe, update_id)
        except (StripeAway, SessionIncomplete) as exc:
            log.warning("update_still_undecided", update_id=update_id, error=type(exc).__name__)


async def _look_after(
    pool: Pool, stripe: StripeGateway, due: tuple[OrderId, Status], slots: asyncio.Semaphore
) -> None:
    order_id, status = due
    async with slots:
        if status == "opening":
            # Its process died before it could record a session. Whether Stripe made one or
            # not, nobody was given its secret: no card can be saved in it.
            async with transaction(pool) as conn:
                await end_order(conn, order_id, "abandoned")
            log.warning("opening_given_up", order_id=order_id)
            return
        try:
            await decide_order(pool, stripe, order_id)
        except (StripeAway, SessionIncomplete, StateRefused) as exc:
            log.warning("order_still_undecided", order_id=order_id, error=type(exc).__name__)
