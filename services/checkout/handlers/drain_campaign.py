"""After a deadline: end what is open, and name the set of orders that count."""

import asyncio

from contracts.events.checkout import CheckoutDrained
from contracts.ids import CampaignSlug, OrderId
from contracts.refusals import StateRefused
from services.chassis import crash, outbox, telemetry
from services.chassis.database import Connection, Pool, transaction
from services.checkout.handlers.settle_session import SessionIncomplete, settle_session
from services.checkout.orders import order_hash
from services.checkout.queries import drains, orders, shares
from services.checkout.stripe_gateway import StripeAway, StripeGateway

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


def drained_as(slug: CampaignSlug) -> str:
    """Return what a campaign's drain is called as an aggregate."""
    return f"drain:{slug}"


async def close_if_decided(conn: Connection, slug: CampaignSlug) -> bool:
    """Announce the campaign's orders if none is undecided; tell whether they are announced.

    Who starts or completes an order holds the campaign's door; having it alone, with the
    deadline behind us, means that nobody can add to the set any more.
    """
    closing = await drains.lock_closing(conn, slug)
    if closing.is_drained:
        return True
    if closing.now < closing.deadline_at or await orders.list_undecided(conn, slug, 1):
        return False
    counted = await shares.list_counted(conn, slug)
    digest = order_hash(counted)
    await drains.mark_drained(
        conn, slug, now=closing.now, order_count=len(counted), order_hash=digest
    )
    event = CheckoutDrained(
        event_id=outbox.new_event_id(),
        occurred_at=closing.now,
        campaign=slug,
        order_count=len(counted),
        order_hash=digest,
    )
    await outbox.append(conn, event, key=slug, aggregate=drained_as(slug), version=1)
    log.info("campaign_drained", campaign=slug, orders=len(counted))
    return True


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
            await settle_session(pool, stripe, order_id, expire=True)
        except (StripeAway, SessionIncomplete, StateRefused) as exc:
            log.warning("order_still_undecided", order_id=order_id, error=type(exc).__name__)
