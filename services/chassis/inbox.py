"""The inbox: deliver at least once, apply exactly once.

A consumer takes up to 64 messages, records their ids and applies them in one
transaction, a savepoint each. Outcomes are decided here and nowhere else: done or seen
before → ack; a fault → later again, with growing delay; still no after the last try,
or not decodable → parked with its error, where an operator finds it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from nats.aio.msg import Msg

from contracts.events.base import Event
from contracts.refusals import Unavailable
from contracts.streams import Consumer
from services.chassis import telemetry
from services.chassis.bus import AWAY, FETCH_SECONDS, Bus
from services.chassis.database import BUSY, Connection, Pool, transaction

log = telemetry.logger(__name__)

Handler = Callable[[Connection, Any], Awaitable[None]]

BATCH = 64
DELIVERIES_MAX = 6
DELAYS_SECONDS = (1, 5, 30, 120, 600)
HEARTBEAT_SECONDS = 10
BUSY_TRIES = 5


class NotYet(Exception):
    """The event is right but too early here; deliver it again in a moment."""


class Delivery(msgspec.Struct, frozen=True):
    """One message and the event in it."""

    msg: Msg
    event: Event


class Listener:
    """Feeds one durable consumer's events to the handlers of one service."""

    def __init__(self, consumer: Consumer, handlers: Mapping[type[Event], Handler]) -> None:
        missing = set(consumer.events) ^ set(handlers)
        assert not missing, f"{consumer.durable}: {missing} without handler or subscription"
        self.consumer = consumer
        self._handlers = handlers
        self._decoder = msgspec.json.Decoder(_union(consumer.events))

    async def run(self, pool: Pool, bus: Bus) -> None:
        """Consume for ever; when the bus or the database is away, wait and go on."""
        while True:
            try:
                await bus.ready()
                subscription = await bus.pull(self.consumer.durable, self.consumer.stream)
                while True:
                    await self.consume(pool, await _fetched(subscription))
            except asyncio.CancelledError:
                raise
            except (*AWAY, *BUSY, Unavailable) as exc:
                await self._recover(bus, exc)

    async def _recover(self, bus: Bus, exc: BaseException) -> None:
        """A wiped server answers at once, again and again: declare anew, and slowly."""
        telemetry.LOOP_FAILURES.labels(self.consumer.durable).inc()
        log.warning("consumer_paused", consumer=self.consumer.durable, error=type(exc).__name__)
        await asyncio.sleep(0.5)
        with contextlib.suppress(*AWAY):
            await bus.declare()

    async def consume(self, pool: Pool, messages: list[Msg]) -> None:
        """Apply one batch and answer every message of it."""
        async with heartbeat(messages):
            deliveries = [each for msg in messages if (each := await self._decoded(pool, msg))]
            if not deliveries:
                return
            failed = await self._apply_patiently(pool, deliveries)
            for each in deliveries:
                await self._answer(pool, each.msg, failed.get(id(each.msg)))

    async def _apply_patiently(self, pool: Pool, batch: list[Delivery]) -> dict[int, BaseException]:
        """Apply the batch; while Postgres is away wait for it, holding the messages.

        An outage must not use up deliveries: healthy events would be parked by it.
        """
        fault: BaseException = NotYet()
        for _ in range(BUSY_TRIES):
            try:
                return await self._apply(pool, batch)
            except (*BUSY, Unavailable) as exc:
                fault = exc
                await database_is_back(pool)
        return {id(each.msg): fault for each in batch}

    async def _decoded(self, pool: Pool, msg: Msg) -> Delivery | None:
        """Return the event, or park what cannot be one.

        Deliveries are counted before decoding, so that a message which kills the
        process is parked too.
        """
        if delivery_count(msg) > DELIVERIES_MAX:
            await self._park(pool, msg, "delivered too often without an answer")
            return None
        try:
            return Delivery(msg, self._decoder.decode(msg.data))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            await self._park(pool, msg, f"{type(exc).__name__}: {exc}")
            return None

    async def _apply(self, pool: Pool, batch: list[Delivery]) -> dict[int, BaseException]:
        """Apply the batch in one transaction; return the faults by message."""
        failed: dict[int, BaseException] = {}
        async with transaction(pool) as conn:
            fresh = await _record(conn, self.consumer.durable, batch)
            for each in batch:
                if each.event.event_id not in fresh:
                    self._count("duplicate")
                    continue
                fresh.discard(each.event.event_id)
                try:
                    async with conn.transaction():
                        await self._handle(conn, each)
                except BUSY:
                    raise
                except Exception as exc:
                    failed[id(each.msg)] = exc
                    await _forget(conn, self.consumer.durable, each.event.event_id)
        return failed

    async def _handle(self, conn: Connection, delivery: Delivery) -> None:
        headers = delivery.msg.headers or {}
        telemetry.correlation.set(headers.get("Pool-Correlation", delivery.event.event_id))
        telemetry.causation.set(delivery.event.event_id)
        await self._handlers[type(delivery.event)](conn, delivery.event)
        self._count("applied")

    async def _answer(self, pool: Pool, msg: Msg, fault: BaseException | None) -> None:
        if fault is None:
            await msg.ack()
            return
        tries = delivery_count(msg)
        is_early = isinstance(fault, NotYet)
        if tries >= DELIVERIES_MAX:
            await self._park(pool, msg, f"{type(fault).__name__}: {fault}")
            return
        self._count("retried")
        if not is_early:
            log.warning(
                "event_failed",
                consumer=self.consumer.durable,
                subject=msg.subject,
                deliveries=tries,
                exc_info=fault,
            )
        await msg.nak(delay=DELAYS_SECONDS[min(tries, len(DELAYS_SECONDS)) - 1])

    async def _park(self, pool: Pool, msg: Msg, error: str) -> None:
        await park(pool, self.consumer.durable, msg, error)

    def _count(self, outcome: str) -> None:
        telemetry.INBOX.labels(self.consumer.durable, outcome).inc()


async def park(pool: Pool, durable: str, msg: Msg, error: str) -> None:
    """Keep a message that cannot be applied where an operator finds it; never again deliver it."""
    async with transaction(pool) as conn:
        await _insert_parked(conn, durable, msg, error)
    await msg.term()
    telemetry.INBOX.labels(durable, "parked").inc()
    log.error("event_parked", consumer=durable, subject=msg.subject, error=error[:500])


async def database_is_back(pool: Pool) -> None:
    """Wait until Postgres answers again."""
    delay = 0.1
    while True:
        await asyncio.sleep(delay)
        try:
            await pool.fetchval("SELECT 1", timeout=2)
        except BUSY:
            delay = min(delay * 2, 5.0)
        else:
            return


async def _fetched(subscription: Any) -> list[Msg]:
    """Return what waits, or nothing after a quiet moment.

    The client says "nothing came" with its own error, and with the plain one when its
    first request used up the time: neither means that the bus is away.
    """
    try:
        messages: list[Msg] = await subscription.fetch(BATCH, timeout=FETCH_SECONDS)
    except TimeoutError:
        return []
    return messages


def _union(events: tuple[type[Event], ...]) -> Any:
    union: Any = events[0]
    for event in events[1:]:
        union = union | event
    return union


def delivery_count(msg: Msg) -> int:
    """Return how often this message has been delivered, this time included."""
    return int(msg.metadata.num_delivered)


@contextlib.asynccontextmanager
async def heartbeat(messages: list[Msg]) -> Any:
    """Keep a slow batch from being delivered to somebody else meanwhile."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            for msg in messages:
                if not msg._ackd:
                    await msg.in_progress()

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, *AWAY):
            await task


async def _record(conn: Connection, consumer: str, batch: list[Delivery]) -> set[str]:
    """Record the batch's event ids; return those not heard before."""
    rows = await conn.fetch(
        """
        INSERT INTO inbox (consumer, event_id)
        SELECT DISTINCT $1, event_id
        FROM unnest($2::text[]) AS event_id
        ON CONFLICT DO NOTHING
        RETURNING event_id
        """,
        consumer,
        [each.event.event_id for each in batch],
    )
    return {row["event_id"] for row in rows}


async def _forget(conn: Connection, consumer: str, event_id: str) -> None:
    await conn.execute(
        "DELETE FROM inbox WHERE consumer = $1 AND event_id = $2", consumer, event_id
    )


async def _insert_parked(conn: Connection, consumer: str, msg: Msg, error: str) -> None:
    headers = dict(msg.headers or {})
    event_id = headers.get("Nats-Msg-Id") or f"{msg.metadata.stream}:{msg.metadata.sequence.stream}"
    await conn.execute(
        """
        INSERT INTO parked_events
            (consumer, subject, event_id, payload, headers, error, deliveries)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT ON CONSTRAINT parked_once
        DO UPDATE SET error = excluded.error, deliveries = excluded.deliveries
        """,
        consumer,
        msg.subject,
        event_id,
        msg.data,
        headers,
        error[:2_000],
        delivery_count(msg),
    )
