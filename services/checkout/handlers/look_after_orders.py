"""Orders nobody spoke about for a while: a crash left them, or a webhook never came."""

import asyncio

from contracts.ids import OrderId
from contracts.refusals import StateRefused
from services.chassis import telemetry
from services.chassis.database import Pool, transaction
from services.checkout import metrics
from services.checkout.handlers.end_order import end_order
from services.checkout.handlers.settle_session import SessionIncomplete, settle_session
from services.checkout.handlers.settle_update import settle_update
from services.checkout.orders import Status
from services.checkout.queries import (
    card_updates,
    cards,
    deletions,
    detachments,
    drains,
    orders,
    stripe_events,
)
from services.checkout.stripe_gateway import StripeAway, StripeGateway

log = telemetry.logger(__name__)

BATCH = 40
AT_ONCE = 8
STATUSES = ("opening", "open", "completed", "persisted", "expired", "too_late", "abandoned")


async def look_after_orders(pool: Pool, stripe: StripeGateway) -> None:
    """Look at every undecided order whose time has come."""
    async with transaction(pool) as conn:
        due = await orders.take_due_orders(conn, BATCH)
    slots = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_look_after(pool, stripe, each, slots) for each in due))


async def look_after_updates(pool: Pool, stripe: StripeGateway) -> None:
    """Look at every card update that is undecided and whose time has come."""
    async with transaction(pool) as conn:
        due = await card_updates.take_due(conn, BATCH)
        for update_id, status in due:
            if status == "opening":
                # Nobody was given its session, if there is one.
                await card_updates.mark_over(conn, update_id)
    for update_id, status in due:
        if status == "open":
            try:
                await settle_update(pool, stripe, update_id)
            except (StripeAway, SessionIncomplete) as exc:
                log.warning("update_still_undecided", update_id=update_id, error=type(exc).__name__)


async def take_figures(pool: Pool) -> None:
    """Count what an operator wants to see."""
    async with transaction(pool) as conn:
        counts = await orders.count_by_status(conn)
        oldest = await orders.oldest_undecided_seconds(conn)
        waiting, parked = await stripe_events.count_waiting_and_parked(conn)
        draining = await drains.list_due_for_drain(conn)
        in_use, unusable = await cards.count_in_use(conn)
        unneeded, unneeded_oldest = await detachments.count_waiting(conn)
        forgotten = await deletions.count_overdue(conn)
    for status in STATUSES:
        metrics.ORDERS.labels(status).set(counts.get(status, 0))
    metrics.UNDECIDED_OLDEST.set(oldest)
    metrics.STRIPE_EVENTS_WAITING.set(waiting)
    metrics.STRIPE_EVENTS_PARKED.set(parked)
    metrics.CAMPAIGNS_DRAINING.set(len(draining))
    metrics.CARDS_IN_USE.set(in_use)
    metrics.CARDS_UNUSABLE.set(unusable)
    metrics.CARDS_TO_DETACH.set(unneeded)
    metrics.DETACH_OLDEST.set(unneeded_oldest)
    metrics.CUSTOMERS_TO_DELETE.set(forgotten)


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
            await settle_session(pool, stripe, order_id)
        except (StripeAway, SessionIncomplete, StateRefused) as exc:
            log.warning("order_still_undecided", order_id=order_id, error=type(exc).__name__)
