"""Events that a listener could not apply: kept with their error until somebody retries.

A later event of the same aggregate waits behind a parked one, as a row beside it: off
the bus, where it could only go round and use up its deliveries, and in order, so that
one retry applies the parked event and then all that waited for it.
"""

from collections.abc import Sequence

import msgspec
from nats.aio.msg import Msg

from services.chassis.storage.database import Connection

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
            parked_at = CASE WHEN parked_events.resolved_at IS NULL
                THEN parked_events.parked_at ELSE excluded.parked_at END,
            try_again_at = NULL,
            open_tries = 0,
            given_up_at = NULL,
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
    """Tell whether this event is parked at the moment, and not merely early."""
    return bool(
        await conn.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM parked_events
                WHERE consumer = $1 AND event_id = $2
                  AND resolved_at IS NULL AND try_again_at IS NULL
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


async def note_action(conn: Connection, action: str, done_by: str, details: object) -> None:
    """Note for ever what an operator did."""
    await conn.execute(
        "INSERT INTO operator_actions (action, done_by, details) VALUES ($1, $2, $3)",
        action,
        done_by,
        details,
    )
