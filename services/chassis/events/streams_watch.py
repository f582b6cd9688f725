"""Notices that a stream was wiped or rewound, and queues again what it may have lost.

NATS can lose what it acknowledged. The outbox can't: so what a stream held when it was
last seen is compared with what it holds now, and a difference is repaired from there.
Source: reliability 2.7 W and E.
"""

from datetime import UTC, datetime, timedelta

import msgspec
from prometheus_client import Counter, Gauge

from contracts.streams import Stream
from services.chassis.events.bus import Bus, StreamSeen
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection

log = telemetry.logger(__name__)

BATCH = 5_000
MARGIN = timedelta(seconds=30)
NEVER_EMPTY = datetime(2000, 1, 1, tzinfo=UTC)
FULL_ALARM = 0.6

REPLAYED = Counter(
    "outbox_replayed",
    "Events queued again because a stream had lost them.",
    ("stream",),
    registry=telemetry.REGISTRY,
)
FULLNESS = Gauge(
    "stream_fullness_ratio",
    "How much of a stream's room is used; at 1 it refuses new events.",
    ("stream",),
    registry=telemetry.REGISTRY,
)


class StreamState(msgspec.Struct, frozen=True):
    """A stream as this service saw it last."""

    created_at: datetime
    last_sequence: int
    emptied_at: datetime


async def watch(conn: Connection, bus: Bus, stream: Stream) -> int:
    """Compare a stream with what it was; return how many events were queued again."""
    seen = await bus.look_at(stream.name)
    _report_fullness(stream, seen)
    before = await _state(conn, stream.name)
    queued = 0
    if before is not None and is_another(before, seen):
        # Whoever made it anew may not have come to all of its listeners: without one an event is
        # dropped, and acknowledged.
        await bus.declare()
        queued = await _queue_again(conn, stream, since=before.emptied_at - MARGIN)
        REPLAYED.labels(stream.name).inc(queued)
        log.error("stream_lost_events", stream=stream.name, queued=queued)
    await _save(conn, stream.name, seen)
    return queued


def is_another(before: StreamState, seen: StreamSeen) -> bool:
    """Tell whether this is not the stream it was: made anew, or counting less."""
    return before.created_at != seen.created_at or before.last_sequence > seen.last_sequence


def _report_fullness(stream: Stream, seen: StreamSeen) -> None:
    FULLNESS.labels(stream.name).set(seen.fullness)
    if seen.fullness >= FULL_ALARM:
        log.error("stream_filling_up", stream=stream.name, percent=int(seen.fullness * 100))


async def _state(conn: Connection, stream: str) -> StreamState | None:
    row = await conn.fetchrow(
        """
        SELECT created_at, last_sequence, emptied_at
        FROM stream_state
        WHERE stream = $1
        """,
        stream,
    )
    return None if row is None else msgspec.convert(row, StreamState)


async def _save(conn: Connection, stream: str, seen: StreamSeen) -> None:
    """Remember what was seen. An empty stream has lost nothing published before now."""
    await conn.execute(
        """
        INSERT INTO stream_state AS kept (stream, created_at, last_sequence, emptied_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (stream)
        DO UPDATE SET
            created_at = excluded.created_at,
            last_sequence = excluded.last_sequence,
            emptied_at = greatest(kept.emptied_at, excluded.emptied_at)
        """,
        stream,
        seen.created_at,
        seen.last_sequence,
        seen.looked_at if seen.is_empty else NEVER_EMPTY,
    )


async def _queue_again(conn: Connection, stream: Stream, *, since: datetime) -> int:
    """Mark as unpublished what was published since; the relay does the rest."""
    owners = [subject.partition(".")[0] for subject in stream.subjects]
    total = 0
    while True:
        status = await conn.execute(
            """
            UPDATE outbox
            SET published_at = NULL
            WHERE outbox_id IN (
                SELECT outbox_id
                FROM outbox
                WHERE published_at >= $1
                  AND split_part(subject, '.', 1) = ANY($2)
                LIMIT $3
            )
            """,
            since,
            owners,
            BATCH,
        )
        done = int(status.rpartition(" ")[2])
        total += done
        if done < BATCH:
            return total
