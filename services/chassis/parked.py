"""Events that a listener could not apply: kept with their error until somebody retries.

A later event of the same aggregate waits behind a parked one, as a row beside it: off
the bus, where it could only go round and use up its deliveries, and in order, so that
one retry applies the parked event and then all that waited for it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import asyncpg
import msgspec
from nats.aio.msg import Msg

from contracts.streams import Consumer
from services.chassis import telemetry
from services.chassis.database import BUSY, Connection, Pool, decode_rows, transaction

log = telemetry.logger(__name__)

ERROR_LENGTH_MAX = 2_000
VERSION_MAX = 2**63 - 1


class Letter(msgspec.Struct, frozen=True):
    """An event as it came: what is known of it without decoding it."""

    subject: str
    event_id: str
    aggregate: str
    version: int
    payload: bytes
    headers: dict[str, str]
    deliveries: int


class ParkedEvent(msgspec.Struct, frozen=True, rename="camel"):
    """A parked event as an operator sees it; its payload stays in the table."""

    parked_id: int
    consumer: str
    subject: str
    event_id: str
    aggregate_id: str
    aggregate_version: int
    error: str
    deliveries: int
    is_waiting: bool
    parked_at: datetime


class Applies(Protocol):
    """A listener, seen from here."""

    consumer: Consumer

    async def apply_kept(self, conn: Connection, kept: Letter) -> None:
        """Apply an event in the caller's transaction; raise what is wrong with it."""


class Retried(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What became of one retry. `error` is empty when it is done."""

    parked_id: int
    consumer: str
    event_id: str
    outcome: str
    error: str = ""


class CannotRetry(Exception):
    """There is nothing to retry under that number, or not yet."""


def letter(msg: Msg) -> Letter:
    """Return what can be kept of any message, whatever is in it."""
    headers = {clean(name): clean(value) for name, value in (msg.headers or {}).items()}
    at = msg.metadata
    return Letter(
        subject=clean(msg.subject),
        event_id=headers.get("Nats-Msg-Id") or f"{at.stream}:{at.sequence.stream}",
        aggregate=headers.get("Pool-Aggregate", ""),
        version=_version(headers.get("Pool-Aggregate-Version", "")),
        payload=msg.data,
        headers=headers,
        deliveries=int(at.num_delivered),
    )


def clean(text: str) -> str:
    """Return `text` as Postgres can hold it: a poison must not be too bad to be parked."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def _version(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    return min(value, VERSION_MAX)


async def keep(
    conn: Connection, consumer: str, kept: Letter, error: str, *, is_waiting: bool = False
) -> None:
    """Park an event, or say anew why it is parked."""
    await conn.execute(
        """
        INSERT INTO parked_events
            (consumer, subject, event_id, aggregate_id, aggregate_version, payload, headers,
             error, deliveries, is_waiting)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT ON CONSTRAINT parked_once
        DO UPDATE SET
            error = excluded.error,
            deliveries = excluded.deliveries,
            is_waiting = excluded.is_waiting,
            resolved_at = NULL
        """,
        consumer,
        kept.subject,
        kept.event_id,
        kept.aggregate,
        kept.version,
        kept.payload,
        kept.headers,
        clean(error)[:ERROR_LENGTH_MAX],
        kept.deliveries,
        is_waiting,
    )


async def is_kept(conn: Connection, consumer: str, event_id: str) -> bool:
    """Tell whether this event is parked at the moment."""
    return bool(
        await conn.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM parked_events
                WHERE consumer = $1 AND event_id = $2 AND resolved_at IS NULL
            )
            """,
            consumer,
            event_id,
        )
    )


async def lock(conn: Connection, consumer: str, event_id: str) -> None:
    """Wait for whoever retries this event; nobody begins to before this transaction ends.

    First of all in it: a retry, too, takes the row before it records the event's id.
    """
    await conn.execute(
        """
        SELECT FROM parked_events
        WHERE consumer = $1 AND event_id = $2
        FOR UPDATE
        """,
        consumer,
        event_id,
    )


async def held_back(
    conn: Connection, consumer: str, letters: Sequence[Letter], *, tried: str = ""
) -> dict[str, bool]:
    """Return the events that must not be applied now, and whether they are new here.

    False: it is parked already, this is a copy. True: an event of its aggregate with no
    higher version is parked. `tried` is the one whose own row is there because it is on
    its last try. The rows are locked, so that a retry and we cannot miss each other.
    """
    rows = await conn.fetch(
        """
        SELECT event_id, aggregate_id, aggregate_version, is_waiting
        FROM parked_events
        WHERE consumer = $1
          AND resolved_at IS NULL
          AND event_id <> $4
          AND (event_id = ANY($2) OR (NOT is_waiting AND aggregate_id = ANY($3)))
        ORDER BY parked_id
        FOR SHARE
        """,
        consumer,
        [each.event_id for each in letters],
        [each.aggregate for each in letters if each.aggregate],
        tried,
    )
    if not rows:
        return {}
    copies = {row["event_id"] for row in rows}
    heads = [row for row in rows if not row["is_waiting"] and row["aggregate_id"]]
    found: dict[str, bool] = {}
    for each in letters:
        if each.event_id in copies:
            found[each.event_id] = False
        elif any(
            row["aggregate_id"] == each.aggregate and row["aggregate_version"] <= each.version
            for row in heads
        ):
            found[each.event_id] = True
    return found


async def resolve(conn: Connection, consumer: str, event_id: str) -> None:
    """Note that a parked event needs nobody any more."""
    await conn.execute(
        """
        UPDATE parked_events
        SET resolved_at = clock_timestamp(), is_waiting = false
        WHERE consumer = $1 AND event_id = $2 AND resolved_at IS NULL
        """,
        consumer,
        event_id,
    )


async def _next_in_line(conn: Connection, consumer: str, aggregate: str) -> int | None:
    """Let the first of those that wait be tried next; None if nobody waits.

    An event that is parked for an error of its own stays what it is, and those behind it
    go on waiting.
    """
    if not aggregate:
        return None
    found: int | None = await conn.fetchval(
        """
        UPDATE parked_events
        SET is_waiting = false, error = 'not tried yet: those before it are done'
        WHERE is_waiting AND parked_id = (
            SELECT parked_id
            FROM parked_events
            WHERE consumer = $1 AND aggregate_id = $2 AND resolved_at IS NULL
            ORDER BY aggregate_version, parked_id
            LIMIT 1
        )
        RETURNING parked_id
        """,
        consumer,
        aggregate,
    )
    return found


async def find_all(pool: Pool) -> list[ParkedEvent]:
    """Return everything that is parked, in the order in which it came."""
    rows = await pool.fetch(
        """
        SELECT parked_id, consumer, subject, event_id, aggregate_id, aggregate_version, error,
               deliveries, is_waiting, parked_at
        FROM parked_events
        WHERE resolved_at IS NULL
        ORDER BY parked_id
        """
    )
    return decode_rows(rows, ParkedEvent)


async def retry(
    pool: Pool, listeners: Sequence[Applies], parked_id: int, *, done_by: str
) -> list[Retried]:
    """Run the handler of a parked event again, then of those that waited for it.

    Each in a transaction of its own with a note of who did it; the first that fails again
    ends it, and stays parked. Raises `CannotRetry` when there is nothing to do.
    """
    by_durable = {each.consumer.durable: each for each in listeners}
    done: list[Retried] = []
    following: int | None = parked_id
    while following is not None:
        outcome, following = await _retry_one(pool, by_durable, following, done_by)
        done.append(outcome)
    return done


async def retry_followers(pool: Pool, listener: Applies, aggregate: str) -> None:
    """Apply what waited for an event that went well after all."""
    async with transaction(pool) as conn:
        first = await _next_in_line(conn, listener.consumer.durable, aggregate)
    if first is not None:
        await retry(pool, [listener], first, done_by="the listener itself")


async def _retry_one(
    pool: Pool, listeners: dict[str, Applies], parked_id: int, done_by: str
) -> tuple[Retried, int | None]:
    async with transaction(pool) as conn:
        row = await _locked(conn, parked_id)
        consumer, kept = row["consumer"], _letter_of(row)
        error = await _try(conn, listeners.get(consumer), kept)
        following = None
        if error:
            await keep(conn, consumer, kept, error)
        else:
            await resolve(conn, consumer, kept.event_id)
            following = await _next_in_line(conn, consumer, kept.aggregate)
        outcome = Retried(
            parked_id, consumer, kept.event_id, "failed again" if error else "applied", error
        )
        await note_action(conn, "parked_retry", done_by, msgspec.to_builtins(outcome))
    log.warning(
        "parked_retried", consumer=consumer, event_id=kept.event_id, outcome=outcome.outcome
    )
    return outcome, following


async def _locked(conn: Connection, parked_id: int) -> asyncpg.Record:
    """Return the row under lock, once nothing of its aggregate stands before it."""
    row = await conn.fetchrow(
        """
        SELECT parked_id, consumer, subject, event_id, aggregate_id, aggregate_version,
               payload, headers, deliveries, resolved_at
        FROM parked_events
        WHERE parked_id = $1
        FOR UPDATE
        """,
        parked_id,
    )
    if row is None:
        raise CannotRetry(f"{parked_id} is not parked here")
    if row["resolved_at"] is not None:
        raise CannotRetry(f"{parked_id} is done already")
    first: int | None = await conn.fetchval(
        """
        SELECT parked_id
        FROM parked_events
        WHERE consumer = $1
          AND aggregate_id = $2
          AND aggregate_id <> ''
          AND resolved_at IS NULL
          AND (aggregate_version, parked_id) < ($3, $4)
        ORDER BY aggregate_version, parked_id
        LIMIT 1
        """,
        row["consumer"],
        row["aggregate_id"],
        row["aggregate_version"],
        parked_id,
    )
    if first is not None:
        raise CannotRetry(f"{parked_id} waits behind {first}: retry that one")
    return row


async def _try(conn: Connection, listener: Applies | None, kept: Letter) -> str:
    """Apply in a savepoint; return what was wrong."""
    try:
        async with conn.transaction():
            if listener is None:
                await _say_again(conn, kept)
            else:
                await listener.apply_kept(conn, kept)
    except BUSY:
        raise
    except Exception as exc:
        return f"{type(exc).__name__}: {exc}"
    return ""


async def _say_again(conn: Connection, kept: Letter) -> None:
    """Where the listener is no handler but a work queue of our own: publish once more."""
    status = await conn.execute(
        "UPDATE outbox SET published_at = NULL WHERE event_id = $1", kept.event_id
    )
    if status != "UPDATE 1":
        raise CannotRetry("nobody here handles it, and it is not from our own outbox")


def _letter_of(row: asyncpg.Record) -> Letter:
    return Letter(
        subject=row["subject"],
        event_id=row["event_id"],
        aggregate=row["aggregate_id"],
        version=row["aggregate_version"],
        payload=row["payload"],
        headers=row["headers"],
        deliveries=row["deliveries"] + 1,
    )


async def note_action(conn: Connection, action: str, done_by: str, details: object) -> None:
    """Note for ever what an operator did."""
    await conn.execute(
        "INSERT INTO operator_actions (action, done_by, details) VALUES ($1, $2, $3)",
        action,
        done_by,
        details,
    )
