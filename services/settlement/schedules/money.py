"""Edge: the clock in, for what comes before and after a charge. One process leads each loop."""

import asyncio

from prometheus_client import Gauge

from services.chassis import crash, telemetry
from services.chassis.database import Pool, transaction
from services.chassis.leader import tick_as_leader
from services.chassis.service import Loop
from services.settlement.handlers import (
    give_notice,
    read_money,
    reconcile,
    refund,
    refund_campaign,
)
from services.settlement.handlers.adopt_refunds import NoRoom
from services.settlement.money_back import Away, Look, Paid
from services.settlement.queries import after_gauges, pauses, refund_runs, refund_sending
from services.settlement.queries.refund_runs import RefundRun
from services.settlement.stripe_gateway.money import MoneyGateway

log = telemetry.logger(__name__)

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

    async def looker() -> None:
        await tick_as_leader(pool, "settlement:looks", lambda: look(pool, gateway))

    async def refunder() -> None:
        await tick_as_leader(pool, "settlement:refunds", lambda: give_back(pool, gateway))

    async def noticer() -> None:
        await tick_as_leader(pool, "settlement:notices", lambda: give_notices(pool))

    async def reconciler() -> None:
        await tick_as_leader(pool, "settlement:reconciliation", lambda: compare(pool, gateway))

    async def gauges() -> None:
        await tick_as_leader(
            pool, "settlement:after-gauges", lambda: measure(pool), every_seconds=GAUGE_SECONDS
        )

    return [looker, refunder, noticer, reconciler, gauges]


async def look(pool: Pool, gateway: MoneyGateway) -> None:
    """Read back what is due, many at once, and record each answer by itself."""
    async with transaction(pool) as conn:
        taken = await read_money.take_looks(conn)
    await asyncio.gather(*(_look(pool, gateway, due, paid) for due, paid in taken))


async def _look(pool: Pool, gateway: MoneyGateway, due: Look, paid: Paid | None) -> None:
    if paid is None or paid.status != "succeeded":
        async with transaction(pool) as conn:
            await read_money.put_off_stranger(conn, due)
        return
    found: read_money.Finding
    if due.kind == "charge":
        found = await gateway.read_charge(due.object_id)
    elif due.kind == "refunds":
        found = await gateway.list_refunds(due.object_id)
    elif due.kind == "dispute":
        found = await gateway.read_dispute(due.object_id)
    else:
        found = await gateway.read_warning(due.object_id)
    crash.point("settlement.looked")
    try:
        async with transaction(pool) as conn:
            await read_money.record(conn, due, paid, found)
    except NoRoom as exc:
        log.error("refund_without_room", charge=paid.charge_id, error=str(exc))
        async with transaction(pool) as conn:
            await read_money.record(conn, due, paid, Away("no_room"))


async def give_back(pool: Pool, gateway: MoneyGateway) -> None:
    """Take each campaign's refund and each single refund a step further."""
    async with transaction(pool) as conn:
        is_paused = (await pauses.read(conn)).is_paused
        runs = [] if is_paused else await refund_runs.list_unfinished(conn)
    for run in runs:
        await _take_back(pool, gateway, run)
    async with transaction(pool) as conn:
        due = await refund_sending.lease_due(conn, limit=refund.AT_ONCE)
    await asyncio.gather(*(refund.send_refund(pool, gateway, row) for row in due))


async def _take_back(pool: Pool, gateway: MoneyGateway, run: RefundRun) -> None:
    async with transaction(pool) as conn:
        people = await refund_campaign.begin_round(conn, run)
    crash.point("settlement.refunds_written")
    await asyncio.gather(*(refund_campaign.shut_out(pool, gateway, each) for each in people))
    async with transaction(pool) as conn:
        await refund_campaign.end_round(conn, run)


async def give_notices(pool: Pool) -> None:
    """Tell everybody whose moment has come, a batch per transaction."""
    for _ in range(BATCHES_MAX):
        async with transaction(pool) as conn:
            told = await give_notice.give_notices(conn)
        if told < give_notice.BATCH:
            return


async def compare(pool: Pool, gateway: MoneyGateway) -> None:
    """Compare with Stripe, if a run is wanted or a day has gone by."""
    await reconcile.run_next(pool, gateway)


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
