"""Figures for the operator: where orders stand, and how Stripe answers."""

from prometheus_client import Counter, Gauge

from services.chassis.telemetry import REGISTRY

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
FORGOTTEN = Counter(
    "checkout_rows_forgotten",
    "Rows that were past their time: bodies of webhooks, persons of orders, addresses.",
    ("what",),
    registry=REGISTRY,
)
CARRIER_QUOTES = Counter(
    "checkout_carrier_quotes",
    "Parcels the carrier was asked about, by what came of it: price, none, away.",
    ("outcome",),
    registry=REGISTRY,
)
