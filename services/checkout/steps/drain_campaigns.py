"""After a deadline: end what is open at Stripe, then name the set of orders that count."""

import asyncio

from contracts.ids import CampaignSlug, OrderId
from contracts.refusals import StateRefused
from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.stripe.client import StripeAway
from services.checkout.handlers.complete_sessions import SessionIncomplete
from services.checkout.handlers.drain_campaign import close_if_decided
from services.checkout.queries import drains, orders
from services.checkout.steps.decide_order import decide_order
from services.checkout.stripe_gateway import StripeGateway

log = telemetry.logger(__name__)

SESSIONS_AT_ONCE = 8
BATCH = 200


async def drain_campaigns(pool: Pool, stripe: StripeGateway) -> int:
    """Drain every campaign past its deadline as far as possible; return how many remain."""
    async with transaction(pool) as conn:
        due = await drains.list_due_for_drain(conn)
    slots = asyncio.Semaphore(SESSIONS_AT_ONCE)
    drained = await asyncio.gather(*(_drain(pool, stripe, slug, slots) for slug in due))
    return drained.count(False)


async def _drain(
    pool: Pool, stripe: StripeGateway, slug: CampaignSlug, slots: asyncio.Semaphore
) -> bool:
    async with transaction(pool) as conn:
        undecided = await orders.list_undecided(conn, slug, BATCH)
    opened = [order_id for order_id, status in undecided if status == "open"]
    await asyncio.gather(*(_end(pool, stripe, order_id, slots) for order_id in opened))
    crash.point("checkout.sessions_ended")
    async with transaction(pool) as conn:
        is_drained = await close_if_decided(conn, slug)
        if is_drained:
            crash.point("checkout.before_drained")
    if is_drained:
        crash.point("checkout.after_drained")
    return is_drained


async def _end(
    pool: Pool, stripe: StripeGateway, order_id: OrderId, slots: asyncio.Semaphore
) -> None:
    """Expire one session at Stripe, or adopt the completion found there instead."""
    async with slots:
        try:
            await decide_order(pool, stripe, order_id, expire=True)
        except (StripeAway, SessionIncomplete, StateRefused) as exc:
            log.warning("order_still_undecided", order_id=order_id, error=type(exc).__name__)
