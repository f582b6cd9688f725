"""What the relay that works says of its outbox: how old, and what the bus will never take."""

from services.chassis.events import streams_watch
from services.chassis.events.bus import MESSAGE_BYTES_MAX
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection

# The bus counts an event's headers as well.
EVENT_BYTES_MAX = MESSAGE_BYTES_MAX - 8 * 1024
TOO_LARGE_NAMED = 100


def say_nothing() -> None:
    """Leave it to the relay that works to say how it goes: an old figure is a false alarm."""
    telemetry.OUTBOX_OLDEST.set(0)
    telemetry.OUTBOX_TOO_LARGE.set(0)
    streams_watch.FULLNESS.clear()


async def oldest_seconds(conn: Connection) -> float:
    """Return the age of the oldest event that waits for the bus, 0 when none does."""
    seconds = await conn.fetchval(
        """
        SELECT extract(epoch FROM clock_timestamp() - min(queued_at))
        FROM outbox
        WHERE published_at IS NULL
          AND octet_length(payload) <= $1
        """,
        EVENT_BYTES_MAX,
    )
    return float(seconds or 0)


async def list_too_large(conn: Connection) -> list[tuple[str, str, int]]:
    """Return id, subject and size of what the bus will never take."""
    rows = await conn.fetch(
        """
        SELECT event_id, subject, octet_length(payload) AS bytes
        FROM outbox
        WHERE published_at IS NULL
          AND octet_length(payload) > $1
        ORDER BY outbox_id
        LIMIT $2
        """,
        EVENT_BYTES_MAX,
        TOO_LARGE_NAMED,
    )
    return [(row["event_id"], row["subject"], row["bytes"]) for row in rows]
