"""Retrying what is parked: by an operator, or by the listener where it was too early."""

from collections.abc import Sequence
from typing import Protocol

import asyncpg
import msgspec

from contracts.api.operations import ParkedEvent, Retried
from contracts.refusals import StateRefused
from contracts.streams import Consumer
from services.chassis.events import early, parked
from services.chassis.events.parked import Letter
from services.chassis.process import telemetry
from services.chassis.storage.database import (
    DATABASE_BUSY,
    Connection,
    Pool,
    decode_rows,
    transaction,
)

log = telemetry.logger(__name__)

ITSELF = "the listener itself"
EARLY, FAILED = "still too early", "failed again"


class Applies(Protocol):
    """A listener, seen from here."""

    consumer: Consumer

    async def apply_kept(self, conn: Connection, kept: Letter) -> None:
        """Apply an event in the caller's transaction; raise what is wrong with it."""


class CannotRetry(StateRefused):
    """There is nothing to retry under that number, or not yet."""

    def __str__(self) -> str:
        return self.message


async def next_in_line(conn: Connection, consumer: str, aggregate: str) -> int | None:
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
               deliveries, is_waiting, parked_at, try_again_at
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
        first = await next_in_line(conn, listener.consumer.durable, aggregate)
    if first is not None:
        await retry(pool, [listener], first, done_by=ITSELF)


async def retry_early(pool: Pool, listener: Applies) -> None:
    """Try the early events of a listener whose next try has come, and those behind them."""
    durable = listener.consumer.durable
    waited = await early.oldest_seconds(pool, durable)
    telemetry.INBOX_EARLY.labels(durable).set(waited or 0)
    if waited is None:
        return
    async with transaction(pool) as conn:
        due, given_up = await early.take_due(conn, durable)
    for subject in given_up:
        _note_parked(durable, subject, early.NO_END)
    for parked_id in due:
        try:
            await retry(pool, [listener], parked_id, done_by=ITSELF)
        except CannotRetry:
            # Done by somebody else, or one of its aggregate is parked before it.
            async with transaction(pool) as conn:
                await early.put_off(conn, parked_id)


async def _retry_one(
    pool: Pool, listeners: dict[str, Applies], parked_id: int, done_by: str
) -> tuple[Retried, int | None]:
    async with transaction(pool) as conn:
        row = await lock_first(conn, parked_id)
        consumer, kept = row["consumer"], _letter_of(row)
        fault = await _try(conn, listeners.get(consumer), kept)
        following = None
        if fault is None:
            await parked.resolve(conn, consumer, kept.event_id)
            following = await next_in_line(conn, consumer, kept.aggregate)
        said, error = await _keep(conn, consumer, kept, fault)
        outcome = Retried(parked_id, consumer, kept.event_id, said, error)
        # Of an early event only the end is worth a line for ever.
        if done_by != ITSELF or said != EARLY:
            await parked.note_action(conn, "parked_retry", done_by, msgspec.to_builtins(outcome))
    if said == FAILED and done_by == ITSELF:
        _note_parked(consumer, kept.subject, error)
    if said != EARLY:
        log.info("parked_retried", consumer=consumer, event_id=kept.event_id, outcome=said)
    return outcome, following


def _note_parked(consumer: str, subject: str, error: str) -> None:
    telemetry.INBOX.labels(consumer, "parked").inc()
    log.error("event_parked", consumer=consumer, subject=subject, error=error[:500])


async def _keep(
    conn: Connection, consumer: str, kept: Letter, fault: Exception | None
) -> tuple[str, str]:
    """Keep what could not be applied; return what became of the try, in words, and why."""
    if fault is None:
        return "applied", ""
    error = f"{type(fault).__name__}: {fault}"
    if isinstance(fault, early.NotYet) and await early.keep(conn, consumer, kept, error):
        return EARLY, error
    await parked.keep(conn, consumer, kept, error)
    return FAILED, error


async def lock_first(conn: Connection, parked_id: int) -> asyncpg.Record:
    """Return the row under lock, once nothing of its aggregate stands before it."""
    row = await conn.fetchrow(
        """
        SELECT parked_id, consumer, subject, event_id, aggregate_id, aggregate_version,
               coalesce(fixed_payload, payload) AS payload, headers, deliveries, resolved_at
        FROM parked_events
        WHERE parked_id = $1
        FOR UPDATE
        """,
        parked_id,
    )
    if row is None:
        raise CannotRetry("unknown_parked", f"{parked_id} is not parked here")
    if row["resolved_at"] is not None:
        raise CannotRetry("done_already", f"{parked_id} is done already")
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
        raise CannotRetry(
            "waits_behind", f"{parked_id} waits behind {first}: retry that one", behind=first
        )
    return row


async def _try(conn: Connection, listener: Applies | None, kept: Letter) -> Exception | None:
    """Apply in a savepoint; return what was wrong."""
    try:
        async with conn.transaction():
            if listener is None:
                await _say_again(conn, kept)
            else:
                await listener.apply_kept(conn, kept)
    except DATABASE_BUSY:
        raise
    except Exception as exc:
        return exc
    return None


async def _say_again(conn: Connection, kept: Letter) -> None:
    """Where the listener is no handler but a work queue of our own: publish once more."""
    status = await conn.execute(
        "UPDATE outbox SET published_at = NULL WHERE event_id = $1", kept.event_id
    )
    if status != "UPDATE 1":
        raise CannotRetry("not_ours", "nobody here handles it, and it is not from our own outbox")


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
