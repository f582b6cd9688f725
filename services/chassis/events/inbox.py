"""The inbox: deliver at least once, apply exactly once.

A consumer takes up to 64 messages, records their ids and applies them in one
transaction, a savepoint each. Outcomes are decided here and nowhere else: done or seen
before → ack; a fault → later again, with growing delay; too early → kept beside the bus
and tried until what it needs is here; still no after the last try, or not decodable →
parked with its error, where an operator finds it; behind a parked one of its aggregate →
beside that one, in order.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Mapping

import msgspec
from nats.aio.msg import Msg

from contracts.events.base import Event
from contracts.refusals import Unavailable
from contracts.streams import Consumer
from services.chassis.events import early, parked, retrying
from services.chassis.events.away import BUS_AWAY
from services.chassis.events.bus import Bus
from services.chassis.events.early import NotYet
from services.chassis.events.handling import Delivery, Handler, Handlers, ManyHandler
from services.chassis.events.messages import (
    BATCH,
    FETCH_SECONDS,
    database_is_back,
    delivery_count,
    heartbeat,
)
from services.chassis.events.pull import give_back_at_the_end
from services.chassis.process import crash, telemetry
from services.chassis.storage.database import DATABASE_BUSY, Connection, Pool, transaction

log = telemetry.logger(__name__)

DELIVERIES_MAX = 6
DELAYS_SECONDS = (1, 5, 30, 120, 600)
BUSY_TRIES = 5
BEHIND = "waits behind an event of its aggregate"
LAST_TRY = "ended the process on its last try, or never got an answer"


class Listener:
    """Feeds one durable consumer's events to the handlers of one service."""

    def __init__(
        self,
        consumer: Consumer,
        handlers: Mapping[type[Event], Handler],
        *,
        together: Mapping[type[Event], ManyHandler] | None = None,
        gather_seconds: float = 0,
    ) -> None:
        """Take a handler for each type, and for some one more that applies many at once.

        `gather_seconds`: a message waits so long for others to be applied with it.
        """
        missing = set(consumer.events) ^ set(handlers)
        assert not missing, f"{consumer.durable}: {missing} without handler or subscription"
        self.consumer = consumer
        self.handlers = Handlers(consumer.durable, handlers, together or {})
        self._gather_seconds = gather_seconds
        self._looked_at = -math.inf
        # Shown before it happens: the first of a figure that was not there is no increase.
        telemetry.INBOX.labels(consumer.durable, "parked")

    async def run(self, pool: Pool, bus: Bus) -> None:
        """Consume for ever; when the bus or the database is away, wait and go on."""
        while True:
            try:
                await bus.ready()
                pull = await bus.pull(self.consumer)
                try:
                    while True:
                        batch = await pull.fetch(
                            BATCH, seconds=FETCH_SECONDS, gather_seconds=self._gather_seconds
                        )
                        await self.consume(pool, batch)
                        await self._look_for_early(pool)
                finally:
                    await pull.close()
            except (*BUS_AWAY, *DATABASE_BUSY, Unavailable) as exc:
                await self._recover(bus, exc)

    async def _recover(self, bus: Bus, exc: BaseException) -> None:
        """A wiped server answers at once, again and again: declare anew, and slowly."""
        telemetry.LOOP_FAILURES.labels(self.consumer.durable).inc()
        log.warning("consumer_paused", consumer=self.consumer.durable, error=type(exc).__name__)
        await asyncio.sleep(0.5)
        with contextlib.suppress(*BUS_AWAY):
            await bus.declare()

    async def _look_for_early(self, pool: Pool) -> None:
        """Try again what came too early, now and then."""
        if time.monotonic() - self._looked_at >= early.LOOK_SECONDS:
            self._looked_at = time.monotonic()
            await retrying.retry_early(pool, self)

    async def consume(self, pool: Pool, messages: list[Msg]) -> None:
        """Apply one batch and answer every message of it."""
        on_last_try = [msg for msg in messages if delivery_count(msg) >= DELIVERIES_MAX]
        try:
            async with heartbeat(messages):
                await self._consume_together(
                    pool, [msg for msg in messages if delivery_count(msg) < DELIVERIES_MAX]
                )
                for msg in on_last_try:
                    await self._consume_alone(pool, msg)
        except asyncio.CancelledError:
            await give_back_at_the_end(messages)
            raise

    async def _consume_together(self, pool: Pool, messages: list[Msg]) -> None:
        deliveries = [each for msg in messages if (each := await self._decoded(pool, msg))]
        if not deliveries:
            return
        failed = await self._apply_patiently(pool, deliveries)
        for each in deliveries:
            await self._answer(pool, each.msg, failed.get(id(each.msg)))

    async def _consume_alone(self, pool: Pool, msg: Msg) -> None:
        """Give a message its last try: parked first, so that even a killer stays parked.

        Those that merely travelled with a killer were delivered as often without being at
        fault. Each is tried by itself here, and is parked only for what it did itself.
        """
        letter = parked.letter(msg)
        durable = self.consumer.durable
        async with transaction(pool) as conn:
            was_tried = await parked.is_kept(conn, durable, letter.event_id)
            if not was_tried:
                await parked.keep(conn, durable, letter, LAST_TRY)
        if was_tried:
            await park(pool, durable, msg, LAST_TRY)
            return
        delivery = await self._decoded(pool, msg)
        if delivery is None:
            return
        failed = await self._apply_patiently(pool, [delivery], last_try=letter.event_id)
        await self._answer(pool, msg, failed.get(id(msg)))
        if not failed:
            await retrying.retry_followers(pool, self, letter.aggregate)

    async def _apply_patiently(
        self, pool: Pool, batch: list[Delivery], *, last_try: str = ""
    ) -> dict[int, BaseException]:
        """Apply the batch; while Postgres is away wait for it, holding the messages.

        An outage must not use up deliveries: healthy events would be parked by it.
        """
        fault: BaseException = NotYet()
        for _ in range(BUSY_TRIES):
            try:
                with telemetry.INBOX_SECONDS.labels(self.consumer.durable).time():
                    return await self._apply(pool, batch, last_try)
            except (*DATABASE_BUSY, Unavailable) as exc:
                fault = exc
                await database_is_back(pool)
        return {id(each.msg): fault for each in batch}

    async def _decoded(self, pool: Pool, msg: Msg) -> Delivery | None:
        """Return the event, or park what cannot be one."""
        try:
            event = self.handlers.decode(msg.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            await park(pool, self.consumer.durable, msg, f"{type(exc).__name__}: {exc}")
            return None
        # The body's id, whatever the envelope says: the inbox goes by it too.
        letter = msgspec.structs.replace(parked.letter(msg), event_id=event.event_id)
        return Delivery(msg, event, letter)

    async def _apply(
        self, pool: Pool, batch: list[Delivery], last_try: str
    ) -> dict[int, BaseException]:
        """Apply the batch in one transaction; return the faults by message."""
        durable = self.consumer.durable
        async with transaction(pool) as conn:
            if last_try:
                await parked.lock(conn, durable, last_try)
            letters = [each.letter for each in batch]
            held = await parked.held_back(conn, durable, letters, tried=last_try)
            fresh = await _record(conn, durable, [each.event.event_id for each in batch])
            due: list[Delivery] = []
            for each in batch:
                event_id = each.event.event_id
                is_fresh, is_behind = event_id in fresh, held.get(each.letter.event_id)
                fresh.discard(event_id)
                if not is_fresh:
                    self._count("duplicate")
                elif is_behind is None:
                    due.append(each)
                else:
                    await _forget(conn, durable, event_id)
                    if is_behind:
                        await parked.keep(conn, durable, each.letter, BEHIND, is_waiting=True)
                    self._count("parked" if is_behind else "duplicate")
            failed = await self.handlers.apply(conn, due)
            for each in due:
                if id(each.msg) in failed:
                    await _forget(conn, durable, each.event.event_id)
                else:
                    self._count("applied")
            if last_try and not failed and last_try not in held:
                await parked.resolve(conn, durable, last_try)
            crash.point("inbox.before_commit")
        crash.point("inbox.after_commit")
        return failed

    async def apply_kept(self, conn: Connection, kept: parked.Letter) -> None:
        """Apply an event from its parked row, once, whatever was heard of it meanwhile."""
        event = self.handlers.decode(kept.payload)
        if await _record(conn, self.consumer.durable, [event.event_id]):
            await self.handlers.handle(conn, event, kept.headers)

    async def _answer(self, pool: Pool, msg: Msg, fault: BaseException | None) -> None:
        if fault is None:
            await msg.ack()
            crash.point("inbox.after_ack")
            return
        tries = delivery_count(msg)
        is_early = isinstance(fault, NotYet)
        if is_early and tries >= early.ON_THE_BUS:
            await self._keep_early(pool, msg, fault)
            return
        if tries >= DELIVERIES_MAX:
            await park(pool, self.consumer.durable, msg, f"{type(fault).__name__}: {fault}")
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

    async def _keep_early(self, pool: Pool, msg: Msg, fault: BaseException) -> None:
        """Take an early event off the bus; one that has waited too long is parked."""
        durable, error = self.consumer.durable, f"{type(fault).__name__}: {fault}"
        async with transaction(pool) as conn:
            has_time = await early.keep(conn, durable, parked.letter(msg), error)
        if not has_time:
            await park(pool, durable, msg, error)
            return
        await msg.ack()
        self._count("early")
        log.warning("event_early", consumer=durable, subject=msg.subject, error=error[:500])

    def _count(self, outcome: str) -> None:
        telemetry.INBOX.labels(self.consumer.durable, outcome).inc()


async def park(pool: Pool, durable: str, msg: Msg, error: str) -> None:
    """Keep a message that cannot be applied where an operator finds it; never again deliver it."""
    async with transaction(pool) as conn:
        await parked.keep(conn, durable, parked.letter(msg), error)
    await msg.term()
    telemetry.INBOX.labels(durable, "parked").inc()
    log.error("event_parked", consumer=durable, subject=msg.subject, error=error[:500])


async def _record(conn: Connection, consumer: str, event_ids: list[str]) -> set[str]:
    """Record event ids; return those not heard before."""
    rows = await conn.fetch(
        """
        INSERT INTO inbox (consumer, event_id)
        SELECT DISTINCT $1, event_id
        FROM unnest($2::text[]) AS event_id
        ON CONFLICT DO NOTHING
        RETURNING event_id
        """,
        consumer,
        event_ids,
    )
    return {row["event_id"] for row in rows}


async def _forget(conn: Connection, consumer: str, event_id: str) -> None:
    await conn.execute(
        "DELETE FROM inbox WHERE consumer = $1 AND event_id = $2", consumer, event_id
    )
