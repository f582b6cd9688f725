"""SQL about what Stripe told us: stored once, applied once, parked where it can be seen."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from contracts.api.operations import WebhookState
from services.chassis.storage.database import Connection, decode_rows

StoredAs = Literal["passed_on", "ignored"]


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A verified event. `stored_as` None: checkout itself has something to do about it."""

    event_id: str
    event_type: str
    object_id: str
    created_at: datetime
    session_id: str | None = None
    order_id: str | None = None
    update_id: str | None = None
    payload: bytes | None = None
    stored_as: StoredAs | None = None


class StripeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A verified event that waits to be applied. `payload`: the bytes Stripe sent."""

    event_id: str
    event_type: str
    object_id: str
    session_id: str | None
    order_id: str | None
    update_id: str | None
    created_at: datetime
    payload: bytes
    attempts: int
    waited_seconds: float


async def insert_event(conn: Connection, event: NewEvent) -> bool:
    """Store an event; False when it was here before."""
    inserted = await conn.fetchval(
        """
        INSERT INTO stripe_events
            (event_id, event_type, object_id, session_id, order_id, update_id, created_at,
             payload, outcome)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT DO NOTHING
        RETURNING event_id
        """,
        event.event_id,
        event.event_type,
        event.object_id,
        event.session_id,
        event.order_id,
        event.update_id,
        event.created_at,
        event.payload,
        event.stored_as,
    )
    return inserted is not None


async def list_due(
    conn: Connection, limit: int, *, besides: Sequence[str] = ()
) -> list[StripeEvent]:
    rows = await conn.fetch(
        """
        SELECT event_id, event_type, object_id, session_id, order_id, update_id, created_at,
               payload, attempts,
               extract(epoch FROM clock_timestamp() - received_at)::float8 AS waited_seconds
        FROM stripe_events
        WHERE outcome IS NULL
          AND due_at <= clock_timestamp()
          AND event_id <> ALL ($2)
        ORDER BY due_at
        LIMIT $1
        """,
        limit,
        besides,
    )
    return decode_rows(rows, StripeEvent)


async def finish(
    conn: Connection, event_ids: Sequence[str], outcome: str, error: str | None = None
) -> None:
    await conn.execute(
        "UPDATE stripe_events SET outcome = $2, error = $3 WHERE event_id = ANY($1)",
        event_ids,
        outcome,
        error,
    )


async def postpone(conn: Connection, event_id: str, *, delay_seconds: float, error: str) -> None:
    await conn.execute(
        """
        UPDATE stripe_events
        SET attempts = attempts + 1,
            error = $3,
            due_at = clock_timestamp() + make_interval(secs => $2)
        WHERE event_id = $1
        """,
        event_id,
        delay_seconds,
        error,
    )


async def list_completed(conn: Connection, session_ids: Sequence[str]) -> dict[str, datetime]:
    """Return when Stripe says these sessions were completed, as far as its events have come."""
    rows = await conn.fetch(
        """
        SELECT session_id, min(created_at) AS completed_at
        FROM stripe_events
        WHERE session_id = ANY($1)
          AND event_type = 'checkout.session.completed'
        GROUP BY session_id
        """,
        session_ids,
    )
    return {row["session_id"]: row["completed_at"] for row in rows}


async def count_waiting_and_parked(conn: Connection) -> tuple[int, int]:
    row = await conn.fetchrow(
        """
        SELECT count(*) FILTER (WHERE outcome IS NULL) AS waiting,
               count(*) FILTER (WHERE outcome = 'parked') AS parked
        FROM stripe_events
        WHERE outcome IS NULL
           OR outcome = 'parked'
        """
    )
    assert row is not None
    return row["waiting"], row["parked"]


async def count_told(conn: Connection) -> WebhookState:
    """Return how much Stripe told us since yesterday, and what of all is not applied."""
    row = await conn.fetchrow(
        """
        SELECT (
                   SELECT count(*)
                   FROM stripe_events
                   WHERE received_at > clock_timestamp() - interval '1 day'
               ) AS received_today,
               (SELECT max(received_at) FROM stripe_events) AS last_at,
               count(*) FILTER (WHERE outcome IS NULL) AS waiting,
               coalesce(extract(epoch FROM clock_timestamp()
                   - min(received_at) FILTER (WHERE outcome IS NULL)), 0)::bigint AS oldest_seconds,
               count(*) FILTER (WHERE outcome = 'parked') AS parked
        FROM stripe_events
        WHERE outcome IS NULL OR outcome = 'parked'
        """
    )
    assert row is not None
    return WebhookState(**row)


async def find_cursor(conn: Connection) -> datetime | None:
    """Return how far Stripe's own list of events was read."""
    at: datetime | None = await conn.fetchval("SELECT read_until FROM stripe_cursor")
    return at


async def move_cursor(conn: Connection, read_until: datetime) -> None:
    """Note that everything up to then was read. Forward only."""
    await conn.execute(
        """
        INSERT INTO stripe_cursor AS known (read_until)
        VALUES ($1)
        ON CONFLICT (only_row) DO UPDATE
        SET read_until = greatest(known.read_until, excluded.read_until)
        """,
        read_until,
    )


async def forget_old(conn: Connection, at_most: int) -> int:
    """Forget bodies after 30 days and whole events after 90; return how many rows."""
    forgotten: int = await conn.fetchval("SELECT forget_stripe_events($1)", at_most)
    return forgotten
