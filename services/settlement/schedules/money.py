"""Edge: the clock in, for what comes before and after a charge. One process leads each loop."""

from functools import partial

from prometheus_client import Gauge

from services.chassis.process import telemetry
from services.chassis.process.service import Loop
from services.chassis.storage.database import Pool, transaction
from services.chassis.storage.leader import led
from services.settlement.handlers import give_notice
from services.settlement.queries import after_gauges
from services.settlement.steps.compare import compare_next
from services.settlement.steps.give_back import give_back
from services.settlement.steps.look import look
from services.settlement.stripe_gateway.money import MoneyGateway

GAUGE_SECONDS = 15.0
BATCHES_MAX = 100

BREAKS = Gauge(
    "reconciliation_breaks",
    "Places where we and Stripe do not agree, by kind; an alert over 0.",
    ("kind",),
    registry=telemetry.REGISTRY,
)
RECONCILED = Gauge(
    "reconciliation_age_seconds",
    "How long ago we last compared everything with Stripe; an alert over two days.",
    registry=telemetry.REGISTRY,
)
REFUNDS = Gauge("refunds", "Refunds by status.", ("status",), registry=telemetry.REGISTRY)
FEES_MISSING = Gauge(
    "charges_without_fee",
    "Charges that succeeded and whose fee Stripe has not told.",
    registry=telemetry.REGISTRY,
)
PAUSED = Gauge(
    "payments_paused", "1 while an operator holds all payments.", registry=telemetry.REGISTRY
)
DISPUTES_OPEN = Gauge(
    "disputes_open",
    "Disputes and inquiries that wait for an answer.",
    registry=telemetry.REGISTRY,
)
OTHER_CUSTOMERS = Gauge(
    "charges_with_card_of_other_customer",
    "Declined charges whose newest card cannot pay them.",
    registry=telemetry.REGISTRY,
)
LOOKS_LATE = Gauge(
    "stripe_looks_waiting", "Things at Stripe to be read back.", registry=telemetry.REGISTRY
)
KINDS = ("missing_at_stripe", "missing_here", "other_sum", "other_status", "other_refunds")
STATUSES = ("new", "sending", "pending", "succeeded", "failed", "refused")


def loops(pool: Pool, gateway: MoneyGateway) -> list[Loop]:
    """Return the loops of what comes after a charge."""
    return [
        led(pool, "settlement:looks", partial(look, pool, gateway), in_recovery=True),
        led(pool, "settlement:refunds", partial(give_back, pool, gateway)),
        led(pool, "settlement:notices", partial(give_notices, pool)),
        led(
            pool,
            "settlement:reconciliation",
            partial(compare_next, pool, gateway),
            in_recovery=True,
        ),
        led(
            pool,
            "settlement:after-gauges",
            partial(measure, pool),
            every_seconds=GAUGE_SECONDS,
            in_recovery=True,
        ),
    ]


async def give_notices(pool: Pool) -> None:
    """Tell everybody whose moment has come, a batch per transaction."""
    for _ in range(BATCHES_MAX):
        async with transaction(pool) as conn:
            told = await give_notice.give_notices(conn)
        if told < give_notice.BATCH:
            return


async def measure(pool: Pool) -> None:
    """Show the figures an operator watches."""
    async with transaction(pool) as conn:
        found = await after_gauges.read(conn)
    for kind in KINDS:
        BREAKS.labels(kind).set(found.breaks.get(kind, 0))
    for status in STATUSES:
        REFUNDS.labels(status).set(found.refunds.get(status, 0))
    if found.reconciled_seconds is not None:
        RECONCILED.set(found.reconciled_seconds)
    FEES_MISSING.set(found.fees_missing)
    PAUSED.set(found.is_paused)
    DISPUTES_OPEN.set(found.disputes_open)
    LOOKS_LATE.set(found.looks_waiting)
    OTHER_CUSTOMERS.set(found.cards_of_other_customers)
