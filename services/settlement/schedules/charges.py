"""Edge: the clock in. Loops of which one process at a time does the work."""

from functools import partial

from prometheus_client import Gauge

from contracts.streams import consumer
from services.chassis.events.away import BUS_AWAY
from services.chassis.events.bus import Bus
from services.chassis.process import crash, telemetry
from services.chassis.process.service import Loop
from services.chassis.process.steady import Steady
from services.chassis.storage.database import Pool, transaction
from services.chassis.storage.leader import led
from services.settlement.domain.charging import ChargeRow
from services.settlement.handlers import keep_calendar, look_after
from services.settlement.queries import campaigns, rounds
from services.settlement.steps.end_recovery import recover_due
from services.settlement.steps.read_back import read_back
from services.settlement.stripe_gateway.charges import StripeGateway

READ_SECONDS = 1.0
SWEEP_SECONDS = 2.0
GAUGE_SECONDS = 15.0

CHARGES = Gauge("charges", "Charges by status.", ("status",), registry=telemetry.REGISTRY)
OLDEST_DUE = Gauge(
    "charges_oldest_due_seconds",
    "How long the oldest undecided charge has been due.",
    registry=telemetry.REGISTRY,
)
CALENDAR_AGE = Gauge(
    "calendar_heartbeat_age_seconds",
    "How long ago somebody last looked whether a campaign starts or ends.",
    registry=telemetry.REGISTRY,
)
WAKE_UPS = consumer("settlement-chargers")
STATUSES = ("new", "sending", "unknown", "declined", "with_person", "ending", "succeeded", "lost")


def loops(pool: Pool, bus: Bus, gateway: StripeGateway) -> list[Loop]:
    """Return settlement's own loops, each led by one process."""

    async def janitor() -> None:
        await reader(pool, gateway).lead(pool, every_seconds=READ_SECONDS, in_recovery=True)

    sweeper = partial(sweep, pool, bus)
    return [
        led(pool, "settlement:calendar", partial(fire_timers, pool)),
        janitor,
        led(pool, "settlement:sweeper", sweeper, every_seconds=SWEEP_SECONDS),
        led(pool, "settlement:recovery", partial(recover_due, pool, gateway)),
        led(
            pool,
            "settlement:gauges",
            partial(measure, pool),
            every_seconds=GAUGE_SECONDS,
            in_recovery=True,
        ),
    ]


async def fire_timers(pool: Pool) -> None:
    """Announce what is due, in one transaction with the mark that it was."""
    async with transaction(pool) as conn:
        fired = await keep_calendar.fire_due_timers(conn)
        if fired:
            crash.point("settlement.before_fired")
    if fired:
        crash.point("settlement.after_fired")


def reader(pool: Pool, gateway: StripeGateway) -> Steady[ChargeRow]:
    """Return who reads back what is open and due, and adopts each answer by itself."""

    async def take(limit: int) -> list[ChargeRow]:
        async with transaction(pool) as conn:
            return await look_after.take_open(conn, limit=limit)

    async def check(charge: ChargeRow) -> None:
        await read_back(pool, gateway, charge)

    return Steady("settlement:janitor", take, check, at_once=look_after.CHECKS_AT_ONCE)


async def sweep(pool: Pool, bus: Bus) -> None:
    """Queue what is due and has no message, as far as the bus lets us see."""
    try:
        is_empty = await bus.backlog(WAKE_UPS.durable, WAKE_UPS.stream) == 0
    except BUS_AWAY:
        is_empty = False
    async with transaction(pool) as conn:
        await look_after.sweep(conn, is_queue_empty=is_empty)


async def measure(pool: Pool) -> None:
    """Show the figures an operator watches."""
    async with transaction(pool) as conn:
        gauges = await rounds.read_gauges(conn)
        _, beat_age_seconds, _ = await campaigns.read_heartbeat(conn)
    for status in STATUSES:
        CHARGES.labels(status).set(gauges.by_status.get(status, 0))
    OLDEST_DUE.set(gauges.oldest_due_seconds)
    CALENDAR_AGE.set(beat_age_seconds)
