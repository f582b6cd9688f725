"""Replay: an outbox says again what it said. Who has heard it ignores it.

Rows are only marked; the service's own relay publishes them, in order. They are marked
in portions, each when the last is out, so that news waits behind one portion at most.
"""

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta

import msgspec

from services.chassis.events.parked import note_action
from services.chassis.storage.database import Connection, Pool, transaction

PORTION = 500
LOOK_SECONDS = 0.1
STILL_SECONDS = 30.0
MARGIN = timedelta(minutes=10)
"""A row is dated when it is written, and may commit later than rows dated after it."""

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
AGO = re.compile(r"(\d{1,6})([smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Replayed(msgspec.Struct, frozen=True, rename="camel"):
    """What was said again. `is_complete` is false when nobody published it in time."""

    service: str
    since: datetime | None
    event_type: str
    found: dict[str, int]
    published: int
    is_complete: bool


class BadMoment(Exception):
    """Neither a moment nor a span of time."""


def moment(text: str, now: datetime) -> datetime:
    """Return `2026-05-01T12:00:00Z`, or a span before now such as `90m`, as a moment.

    Real time, as the outbox notes it, whatever the platform's clock says.
    """
    if span := AGO.fullmatch(text):
        return now - timedelta(**{UNITS[span[2]]: int(span[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise BadMoment(f"{text!r} is no moment: 2026-05-01T12:00:00Z, or 90m, 6h, 2d") from exc
    return found if found.tzinfo else found.replace(tzinfo=UTC)


async def replay(
    pool: Pool,
    *,
    service: str,
    since: datetime | None,
    event_type: str,
    done_by: str,
    still_seconds: float = STILL_SECONDS,
) -> Replayed:
    """Publish again what was published since, or everything; wait until it is out."""
    async with transaction(pool) as conn:
        start = since - MARGIN if since else BEGINNING
        found, last = await _found(conn, start, event_type)
        details = {"since": since, "eventType": event_type, "found": found}
        await note_action(conn, "replay", done_by, details)
    after, published, is_complete = 0, 0, True
    while is_complete:
        async with transaction(pool) as conn:
            ids = await _mark(conn, start, event_type, after, last)
        if not ids:
            break
        is_complete = await _are_out(pool, ids, still_seconds)
        published += len(ids) if is_complete else 0
        after = ids[-1]
    return Replayed(service, since, event_type, found, published, is_complete)


async def _found(conn: Connection, start: datetime, event_type: str) -> tuple[dict[str, int], int]:
    """Return how many events of which type there are to say, and where they end."""
    rows = await conn.fetch(
        """
        SELECT event_type, count(*) AS events, max(outbox_id) AS last
        FROM outbox
        WHERE published_at IS NOT NULL
          AND queued_at >= $1
          AND ($2 = '' OR event_type = $2)
        GROUP BY event_type
        ORDER BY event_type
        """,
        start,
        event_type,
    )
    return {row["event_type"]: row["events"] for row in rows}, max(
        (row["last"] for row in rows), default=0
    )


async def _mark(
    conn: Connection, start: datetime, event_type: str, after: int, last: int
) -> list[int]:
    rows = await conn.fetch(
        """
        UPDATE outbox
        SET published_at = NULL
        WHERE outbox_id IN (
            SELECT outbox_id
            FROM outbox
            WHERE outbox_id > $3
              AND outbox_id <= $4
              AND published_at IS NOT NULL
              AND queued_at >= $1
              AND ($2 = '' OR event_type = $2)
            ORDER BY outbox_id
            LIMIT $5
        )
        RETURNING outbox_id
        """,
        start,
        event_type,
        after,
        last,
        PORTION,
    )
    return sorted(row["outbox_id"] for row in rows)


async def _are_out(pool: Pool, ids: list[int], still_seconds: float) -> bool:
    """Wait until all are published; give up when for a while not one more is."""
    left, moved_at = len(ids), time.monotonic()
    while left:
        await asyncio.sleep(LOOK_SECONDS)
        now_left = await pool.fetchval(
            "SELECT count(*) FROM outbox WHERE outbox_id = ANY($1) AND published_at IS NULL", ids
        )
        if now_left < left:
            left, moved_at = now_left, time.monotonic()
        elif time.monotonic() - moved_at > still_seconds:
            return False
    return True
