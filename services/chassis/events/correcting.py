"""What a person does about a parked event besides trying it again: look, correct, give up."""

import hashlib
from collections.abc import Sequence

import asyncpg
import msgspec

from contracts.api.operations import ParkedDetail, ParkedEvent, ParkedPage, Retried
from contracts.refusals import InputRefused, NotFound, StateRefused
from contracts.streams import STREAMS
from services.chassis.events import parked, retrying
from services.chassis.events.inbox import Listener
from services.chassis.storage.database import Connection, Pool, decode_rows, transaction

FIX_BYTES_MAX = 48 * 1024
GIVEN_UP = "given up"
SECRET, TOO_LONG, NO_TEXT, NO_LISTENER = "secret", "too_long", "no_text", "no_listener"


async def list_page(conn: Connection, *, after: int, limit: int) -> ParkedPage:
    """Return what is parked behind a number, in the order in which it came."""
    rows = await conn.fetch(
        """
        SELECT parked_id, consumer, subject, event_id, aggregate_id, aggregate_version, error,
               deliveries, is_waiting, parked_at, try_again_at
        FROM parked_events
        WHERE resolved_at IS NULL AND parked_id > $1
        ORDER BY parked_id
        LIMIT $2
        """,
        after,
        limit + 1,
    )
    found = decode_rows(rows, ParkedEvent)
    page = tuple(found[:limit])
    return ParkedPage(events=page, next_after=page[-1].parked_id if len(found) > limit else None)


async def find(conn: Connection, listeners: Sequence[Listener], parked_id: int) -> ParkedDetail:
    """Return one event with what is in it, done with or not."""
    row = await conn.fetchrow(
        """
        SELECT parked_id, consumer, subject, event_id, aggregate_id, aggregate_version, error,
               deliveries, is_waiting, parked_at, try_again_at,
               coalesce(fixed_payload, payload) AS payload, resolved_at,
               fixed_payload IS NOT NULL AS was_fixed
        FROM parked_events
        WHERE parked_id = $1
        """,
        parked_id,
    )
    if row is None:
        raise NotFound("unknown_parked", "No such event is parked here.")
    payload: bytes = row["payload"]
    text, why_not = _shown(row["subject"], payload)
    heard = any(each.consumer.durable == row["consumer"] for each in listeners)
    return ParkedDetail(
        event=msgspec.convert(row, ParkedEvent),
        payload=text,
        digest=hashlib.sha256(payload).hexdigest(),
        cannot_fix=why_not or ("" if heard else NO_LISTENER),
        was_fixed=row["was_fixed"],
        resolved_at=row["resolved_at"],
    )


async def fix(
    conn: Connection,
    listeners: Sequence[Listener],
    parked_id: int,
    *,
    payload: str,
    digest: str,
    done_by: str,
) -> None:
    """Keep a correction beside what came, if that is still what was looked at.

    The correction must be an event that the listener can read, and the same one: under another
    id it would be applied beside the first. Nothing is applied by this; a retry is.
    """
    row = await _lock_open(conn, parked_id)
    before: bytes = row["payload"]
    _, why_not = _shown(row["subject"], before)
    listener = next((e for e in listeners if e.consumer.durable == row["consumer"]), None)
    if listener is None or why_not:
        raise StateRefused("cannot_fix", "This event cannot be corrected here.")
    after = payload.encode()
    if after == before:
        return
    if hashlib.sha256(before).hexdigest() != digest:
        raise StateRefused("conflict", "Somebody has corrected this event meanwhile.")
    _require_same_event(listener, after, str(row["event_id"]))
    await conn.execute(
        """
        UPDATE parked_events
        SET fixed_payload = $2, fixed_at = clock_timestamp(), fixed_by = $3
        WHERE parked_id = $1
        """,
        parked_id,
        after,
        done_by,
    )
    details = {
        "parked_id": parked_id,
        "event_id": row["event_id"],
        "before": digest,
        "after": hashlib.sha256(after).hexdigest(),
    }
    await parked.note_action(conn, "parked_fix", done_by, details)


async def give_up(
    pool: Pool, listeners: Sequence[Listener], parked_id: int, *, because: str, done_by: str
) -> list[Retried]:
    """Let an event never be applied here, then apply what waited for it.

    It counts as heard, so that no replay brings it back; what came stays in its row.
    """
    async with transaction(pool) as conn:
        row = await retrying.lock_first(conn, parked_id)
        consumer, event_id = str(row["consumer"]), str(row["event_id"])
        if not _is_nameless(event_id):
            await conn.execute(
                "INSERT INTO inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                consumer,
                event_id,
            )
        await conn.execute(
            "UPDATE parked_events SET given_up_at = clock_timestamp() WHERE parked_id = $1",
            parked_id,
        )
        await parked.resolve(conn, consumer, event_id)
        following = await retrying.next_in_line(conn, consumer, row["aggregate_id"])
        done = Retried(parked_id, consumer, event_id, GIVEN_UP)
        details = {**msgspec.to_builtins(done), "because": because}
        await parked.note_action(conn, "parked_given_up", done_by, details)
    if following is None:
        return [done]
    return [done, *await retrying.retry(pool, listeners, following, done_by=done_by)]


async def _lock_open(conn: Connection, parked_id: int) -> asyncpg.Record:
    row = await conn.fetchrow(
        """
        SELECT consumer, subject, event_id, coalesce(fixed_payload, payload) AS payload,
               resolved_at
        FROM parked_events
        WHERE parked_id = $1
        FOR UPDATE
        """,
        parked_id,
    )
    if row is None:
        raise NotFound("unknown_parked", "No such event is parked here.")
    if row["resolved_at"] is not None:
        raise StateRefused("done_already", "This event is done already.")
    return row


def _require_same_event(listener: Listener, payload: bytes, event_id: str) -> None:
    if len(payload) > FIX_BYTES_MAX:
        raise _wrong("This is too long.")
    try:
        event = listener.handlers.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise _wrong(str(exc)) from exc
    if not _is_nameless(event_id) and event.event_id != event_id:
        raise _wrong(f"The event_id has to stay {event_id}.")


def _is_nameless(event_id: str) -> bool:
    """Tell whether it came without an id of its own, and is known by its place in the stream."""
    return ":" in event_id


def _wrong(message: str) -> InputRefused:
    return InputRefused("invalid_input", message, fields={"payload": message})


def _shown(subject: str, payload: bytes) -> tuple[str | None, str]:
    """Return what is in an event as text, and why it cannot be corrected; empty where it can."""
    root = subject.partition(".")[0]
    if any(each.holds_secrets and f"{root}.>" in each.subjects for each in STREAMS):
        return None, SECRET
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None, NO_TEXT
    if "\x00" in text:
        return None, NO_TEXT
    return text, TOO_LONG if len(payload) > FIX_BYTES_MAX else ""
