"""Edge: events in, and the chargers, who take charges from the work queue."""

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable

import msgspec
from nats.aio.msg import Msg

from contracts.events.campaigns import CampaignPublished, PlatformPublished
from contracts.events.checkout import StripeEventReceived
from contracts.events.pledges import (
    CampaignClosed,
    ChargeRequested,
    LinksRenewed,
    PledgeCancelled,
    PledgeCardChanged,
    PledgeCreated,
    PledgeErased,
    PledgeModified,
)
from contracts.events.settlement import ChargeDue
from contracts.refusals import Unavailable
from contracts.streams import consumer
from services.chassis.events.away import BUS_AWAY
from services.chassis.events.bus import Bus
from services.chassis.events.inbox import DELIVERIES_MAX, Listener, park
from services.chassis.events.messages import (
    FETCH_SECONDS,
    database_is_back,
    delivery_count,
    heartbeat,
)
from services.chassis.events.parked import letter
from services.chassis.events.pull import Pull
from services.chassis.events.spans import processing
from services.chassis.process import crash, telemetry
from services.chassis.storage.database import DATABASE_BUSY, Pool
from services.settlement.handlers import (
    forget_person,
    hear_links,
    hear_stripe,
    keep_definitions,
    recover,
    take_requests,
)
from services.settlement.steps.charge import charge
from services.settlement.stripe_gateway.charges import StripeGateway

log = telemetry.logger(__name__)

# A hundred charges a second of half a second each, and some room for a slow moment.
IN_FLIGHT_MAX = 96
# So many seconds' charges wait for their start, and four at least: the next is always there.
WAITING_SECONDS = 0.5
FETCHED_AHEAD = 8
DRAIN_SECONDS = 20
AGAIN_SECONDS = 5
CHARGERS = consumer("settlement-chargers")


def listeners() -> list[Listener]:
    """Return what settlement hears, and what it does then."""
    return [
        Listener(
            consumer("settlement-definitions"),
            {
                CampaignPublished: keep_definitions.keep_campaign,
                PlatformPublished: keep_definitions.keep_platform,
            },
        ),
        Listener(
            consumer("settlement-pledges"),
            {
                PledgeCreated: take_requests.keep_pledge,
                PledgeModified: take_requests.keep_pledge,
                PledgeCancelled: take_requests.keep_pledge,
                PledgeErased: forget_person.hear_erased,
                PledgeCardChanged: recover.hear_card,
                CampaignClosed: take_requests.keep_closing,
                ChargeRequested: take_requests.request_charge,
                LinksRenewed: hear_links.hear_links,
            },
            together={
                PledgeCreated: take_requests.keep_pledges,
                ChargeRequested: take_requests.request_charges,
            },
        ),
        Listener(
            consumer("settlement-stripe"),
            {StripeEventReceived: hear_stripe.keep_event},
            together={StripeEventReceived: hear_stripe.keep_events},
        ),
    ]


# Waits until one more charge may begin, whoever else of us is charging.
Pace = Callable[[], Awaitable[object]]


class Charger:
    """Pulls wake-ups and charges, each in its turn and many at once.

    The turn comes before the lease: who waits for it holds nothing. Not a `Listener`: a call
    to Stripe stands between two transactions, so a message is acked when the outcome is
    recorded, and the row's lease, not the message, is the guard.
    """

    def __init__(
        self, pool: Pool, bus: Bus, gateway: StripeGateway, pace: Pace, *, per_second: int
    ) -> None:
        self._pool = pool
        self._bus = bus
        self._gateway = gateway
        self._pace = pace
        waiting = max(4, math.ceil(per_second * WAITING_SECONDS))
        self._slots = asyncio.Semaphore(IN_FLIGHT_MAX + waiting)
        self._door = asyncio.Semaphore(waiting)
        self._in_flight: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Charge for ever; when the bus or the database is away, wait and go on."""
        while True:
            try:
                await self._bus.ready()
                await self._pull()
            except (*BUS_AWAY, *DATABASE_BUSY) as exc:
                telemetry.LOOP_FAILURES.labels(CHARGERS.durable).inc()
                log.warning("charger_paused", error=type(exc).__name__)
                await asyncio.sleep(0.5)
                with contextlib.suppress(*BUS_AWAY):
                    await self._bus.declare()

    async def drain(self) -> None:
        """Let the charges in flight end. What does not, is found by its lease."""
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=DRAIN_SECONDS)
        for task in self._in_flight:
            task.cancel()

    async def _pull(self) -> None:
        pull = await self._bus.pull(CHARGERS)
        try:
            while True:
                await self._slots.acquire()
                try:
                    message = await self._next(pull)
                except BaseException:
                    self._slots.release()
                    raise
                task = asyncio.create_task(self._handle(message))
                self._in_flight.add(task)
                task.add_done_callback(self._ended)
        finally:
            await pull.close()

    async def _next(self, pull: Pull) -> Msg:
        """Wait for a message, but not while others of ours stand at the door."""
        async with self._door:
            pass
        while True:
            for message in await pull.fetch(1, seconds=FETCH_SECONDS, asked=FETCHED_AHEAD):
                return message

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._in_flight.discard(task)
        self._slots.release()
        if not task.cancelled() and (fault := task.exception()):
            telemetry.LOOP_FAILURES.labels(CHARGERS.durable).inc()
            log.error("charge_failed", exc_info=fault)

    async def _handle(self, msg: Msg) -> None:
        """Charge, then ack; whatever goes wrong, the row is due again by itself."""
        try:
            if delivery_count(msg) > DELIVERIES_MAX:
                await park(self._pool, CHARGERS.durable, msg, "delivered too often")
                return
            try:
                event = msgspec.json.decode(msg.data, type=ChargeDue)
            except (msgspec.DecodeError, UnicodeDecodeError) as exc:
                await park(self._pool, CHARGERS.durable, msg, f"{type(exc).__name__}: {exc}")
                return
            telemetry.correlation.set((msg.headers or {}).get("Pool-Correlation", event.event_id))
            telemetry.causation.set(event.event_id)
            async with heartbeat([msg]):
                async with self._door:
                    await self._pace()
                with processing(CHARGERS.durable, letter(msg)):
                    await charge(self._pool, self._gateway, event.charge_id)
            await msg.ack()
            crash.point("settlement.after_ack")
        except (*DATABASE_BUSY, Unavailable):
            # Hold the slot while Postgres is away: an outcome could not be recorded.
            await database_is_back(self._pool)
            with contextlib.suppress(*BUS_AWAY):
                await msg.nak(delay=AGAIN_SECONDS)
        except BUS_AWAY:
            return
