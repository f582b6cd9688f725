"""The outbox: an event is a row in the transaction that made the fact.

A relay publishes what is not published yet and marks it after the bus has acked. Rows
are found by `published_at IS NULL`, never by "id greater than the last": commit order
is not id order, and such a cursor loses a fifth of the events under load (measured).
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from contracts.events.base import Event
from contracts.ids import EventId
from contracts.streams import STREAMS
from contracts.subjects import subject, tag
from services.chassis.events import outbox_figures, spans, streams_watch, wake
from services.chassis.events.away import BUS_AWAY, BusAway
from services.chassis.events.bus import Bus
from services.chassis.events.outbox_figures import EVENT_BYTES_MAX
from services.chassis.process import crash, telemetry, tracing
from services.chassis.storage.database import DATABASE_BUSY, Connection, Pool
from services.chassis.storage.leader import leading

log = telemetry.logger(__name__)

IN_FLIGHT = 64
IDLE_SECONDS = 0.5
LOOK_SECONDS = 5.0
BACK_OFF_SECONDS_MAX = 5.0
# After which who waits for the bus says anew how old the oldest event is by now.
READY_SECONDS = 15.0


class Row(msgspec.Struct, frozen=True):
    """What the relay needs of an outbox row."""

    outbox_id: int
    event_id: str
    subject: str
    aggregate_id: str
    payload: bytes
    headers: dict[str, str]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An event, what routes it, and which version of which aggregate it tells of.

    `caused_by` names the event that led to it where several are applied by one call.
    """

    event: Event
    key: str
    aggregate: str
    version: int
    caused_by: str = ""


def new_event_id() -> EventId:
    """Return the id of a new event."""
    return EventId(telemetry.new_id())


async def append(conn: Connection, event: Event, *, key: str, aggregate: str, version: int) -> None:
    """Queue `event` for its subject under `key`. Nothing is sent until the caller commits.

    Call it after the aggregate's row is locked: then id order is commit order within
    the aggregate, and listeners see its versions in order.
    """
    await append_all(conn, [Entry(event=event, key=key, aggregate=aggregate, version=version)])


async def append_all(conn: Connection, entries: Sequence[Entry]) -> None:
    """Queue several events in this order, by one statement."""
    assert conn.is_in_transaction(), "outbox.append needs the caller's transaction"
    await conn.execute(
        """
        INSERT INTO outbox
            (event_id, subject, event_type, aggregate_id, aggregate_version, payload, headers)
        SELECT event_id, subject, event_type, aggregate_id, aggregate_version, payload, headers
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bytea[],
                    $7::jsonb[])
            WITH ORDINALITY
            AS told (event_id, subject, event_type, aggregate_id, aggregate_version, payload,
                     headers, place)
        ORDER BY place
        """,
        [each.event.event_id for each in entries],
        [subject(type(each.event), each.key) for each in entries],
        [tag(type(each.event)) for each in entries],
        [each.aggregate for each in entries],
        [each.version for each in entries],
        [msgspec.json.encode(each.event) for each in entries],
        [_headers(each) for each in entries],
    )
    wake.relay.queued(conn)


async def say_again(conn: Connection, aggregates: Sequence[str]) -> int:
    """Publish anew what was ever said of these aggregates; return how many events.

    Whoever has heard them ignores them.
    """
    status = await conn.execute(
        """
        UPDATE outbox
        SET published_at = NULL
        WHERE aggregate_id = ANY($1)
          AND published_at IS NOT NULL
        """,
        aggregates,
    )
    wake.relay.queued(conn)
    return int(status.split()[-1])


class Relay:
    """Empties one service's outbox into the bus, in order within each aggregate."""

    def __init__(
        self, pool: Pool, bus: Bus, *, schema: str, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._pool = pool
        self._bus = bus
        self._lock = f"outbox:{schema}"
        self._streams = [stream for stream in STREAMS if stream.owner == schema]
        self._look_seconds = look_seconds
        self._next_look = 0.0
        self._too_large: set[str] = set()
        self.looks = 0
        self.pauses = 0

    async def run(self) -> None:
        """Publish for ever. One relay per service works; the others wait their turn."""
        back_off = 0.1
        while True:
            try:
                async with leading(
                    self._pool, self._lock, follows=outbox_figures.say_nothing
                ) as conn:
                    # Said before the bus is asked anything: while it is away nothing else is.
                    telemetry.OUTBOX_OLDEST.set(await outbox_figures.oldest_seconds(conn))
                    async with asyncio.timeout(READY_SECONDS):
                        await self._bus.ready()
                    self._next_look = 0.0
                    while True:
                        await self._watch_streams(conn)
                        await self._round(conn)
                        back_off = 0.1
            except (*DATABASE_BUSY, *BUS_AWAY, BusAway) as exc:
                self.pauses += 1
                telemetry.LOOP_FAILURES.labels("outbox").inc()
                log.warning("outbox_paused", error=type(exc).__name__)
                await asyncio.sleep(back_off)
                back_off = min(back_off * 2, BACK_OFF_SECONDS_MAX)

    async def _watch_streams(self, conn: Connection) -> None:
        """Every few seconds, and first of all after a failure: is it still the same stream?"""
        if time.monotonic() < self._next_look:
            return
        for stream in self._streams:
            await streams_watch.watch(conn, self._bus, stream)
        await self._name_too_large(conn)
        self.looks += 1
        self._next_look = time.monotonic() + self._look_seconds

    async def _name_too_large(self, conn: Connection) -> None:
        """Say once of each event that the bus will never take it: it holds up no other."""
        found = await outbox_figures.list_too_large(conn)
        telemetry.OUTBOX_TOO_LARGE.set(len(found))
        for event_id, name, size in found:
            if event_id not in self._too_large:
                log.error("event_too_large", event_id=event_id, subject=name, bytes=size)
        self._too_large = {event_id for event_id, _, _ in found}

    async def _round(self, conn: Connection) -> None:
        rows = await _unpublished(conn)
        if not rows:
            telemetry.OUTBOX_OLDEST.set(0)
            await wake.relay.wait(IDLE_SECONDS)
            return
        chains: dict[str, list[Row]] = {}
        for row in rows:
            chains.setdefault(row.aggregate_id, []).append(row)
        crash.point("outbox.before_publish")
        results = await asyncio.gather(*(self._publish(chain) for chain in chains.values()))
        sent = [outbox_id for chain in results for outbox_id in chain]
        crash.point("outbox.after_publish")
        await _mark_published(conn, sent)
        crash.point("outbox.after_mark")
        telemetry.OUTBOX_PUBLISHED.inc(len(sent))
        if len(sent) < len(rows):
            telemetry.OUTBOX_OLDEST.set(await outbox_figures.oldest_seconds(conn))
            raise BusAway

    async def _publish(self, chain: list[Row]) -> list[int]:
        """Publish one aggregate's rows one after the other; stop at the first failure."""
        sent: list[int] = []
        for row in chain:
            try:
                with spans.publishing(row.subject, row.event_id, row.headers):
                    headers = {**row.headers, **tracing.carried()}
                    await self._bus.publish(row.subject, row.payload, headers)
            except (*BUS_AWAY, BusAway):
                break
            sent.append(row.outbox_id)
        return sent


async def is_flushed(pool: Pool, bus: Bus, *, within_seconds: float) -> bool:
    """Wait until the relay has published everything; give up when the bus is away or slow."""
    limit = time.monotonic() + within_seconds
    while bus.is_connected and time.monotonic() < limit:
        with contextlib.suppress(*DATABASE_BUSY):
            is_waiting = await pool.fetchval(
                """
                SELECT EXISTS (
                    SELECT FROM outbox WHERE published_at IS NULL AND octet_length(payload) <= $1
                )
                """,
                EVENT_BYTES_MAX,
                timeout=1,
            )
            if not is_waiting:
                return True
        await asyncio.sleep(0.02)
    return False


def _headers(entry: Entry) -> dict[str, str]:
    event_id = entry.event.event_id
    correlation = telemetry.correlations.get().get(entry.caused_by) or telemetry.correlation.get()
    return {
        "Nats-Msg-Id": event_id,
        "Pool-Type": tag(type(entry.event)),
        "Pool-Version": "1",
        "Pool-Aggregate": entry.aggregate,
        "Pool-Aggregate-Version": str(entry.version),
        "Pool-Correlation": correlation or event_id,
        "Pool-Causation": entry.caused_by or telemetry.causation.get(),
        **tracing.carried(),
    }


async def _unpublished(conn: Connection) -> list[Row]:
    """Return what is to be published next, but not what the bus would refuse for ever."""
    rows: list[Any] = await conn.fetch(
        """
        SELECT outbox_id, event_id, subject, aggregate_id, payload, headers
        FROM outbox
        WHERE published_at IS NULL
          AND octet_length(payload) <= $2
        ORDER BY outbox_id
        LIMIT $1
        """,
        IN_FLIGHT,
        EVENT_BYTES_MAX,
    )
    return [msgspec.convert(row, Row) for row in rows]


async def _mark_published(conn: Connection, ids: list[int]) -> None:
    await conn.execute(
        "UPDATE outbox SET published_at = clock_timestamp() WHERE outbox_id = ANY($1)", ids
    )
