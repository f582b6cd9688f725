"""Figures for the operator: where orders, cards and campaigns stand."""

from prometheus_client import Gauge

from services.chassis.process.telemetry import REGISTRY
from services.chassis.storage.database import Pool, transaction
from services.checkout.queries import cards, deletions, detachments, drains, orders, stripe_events

ORDERS = Gauge("checkout_orders", "Orders by status.", ("status",), registry=REGISTRY)
UNDECIDED_OLDEST = Gauge(
    "checkout_undecided_oldest_seconds",
    "Age of the oldest order of which nobody knows yet whether its card is saved.",
    registry=REGISTRY,
)
STRIPE_EVENTS_WAITING = Gauge(
    "checkout_stripe_events_waiting", "Stored Stripe events not applied yet.", registry=REGISTRY
)
STRIPE_EVENTS_PARKED = Gauge(
    "checkout_stripe_events_parked",
    "Stripe events that could not be applied; an operator should look.",
    registry=REGISTRY,
)
CAMPAIGNS_DRAINING = Gauge(
    "checkout_campaigns_draining",
    "Campaigns past their deadline with undecided orders.",
    registry=REGISTRY,
)
CARDS_IN_USE = Gauge(
    "checkout_cards_in_use", "Saved cards that a pledge waits for.", registry=REGISTRY
)
CARDS_UNUSABLE = Gauge(
    "checkout_cards_unusable",
    "Saved cards that a pledge waits for and that Stripe will not charge.",
    registry=REGISTRY,
)
CARDS_TO_DETACH = Gauge(
    "checkout_cards_to_detach", "Saved cards that nobody needs any more.", registry=REGISTRY
)
DETACH_OLDEST = Gauge(
    "checkout_detach_oldest_seconds",
    "How long the oldest of them has waited to be detached.",
    registry=REGISTRY,
)
CUSTOMERS_TO_DELETE = Gauge(
    "checkout_customers_to_delete",
    "Customers of people who asked to be forgotten, not deleted at Stripe yet.",
    registry=REGISTRY,
)


STATUSES = ("opening", "open", "completed", "persisted", "expired", "too_late", "abandoned")


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
        ORDERS.labels(status).set(counts.get(status, 0))
    UNDECIDED_OLDEST.set(oldest)
    STRIPE_EVENTS_WAITING.set(waiting)
    STRIPE_EVENTS_PARKED.set(parked)
    CAMPAIGNS_DRAINING.set(len(draining))
    CARDS_IN_USE.set(in_use)
    CARDS_UNUSABLE.set(unusable)
    CARDS_TO_DETACH.set(unneeded)
    DETACH_OLDEST.set(unneeded_oldest)
    CUSTOMERS_TO_DELETE.set(forgotten)
