"""Events that are right and came too early: kept beside the bus until what they need is here.

On the bus they would go round and use up their deliveries, and as many of them as a durable
may have open would keep out the very event they wait for. So after a few tries there they
are rows beside the parked events, and their listener tries them again by itself, for a day.
"""

from datetime import timedelta

from services.chassis.events import parked
from services.chassis.events.parked import Letter
from services.chassis.storage.database import Connection, Pool

ON_THE_BUS = 3
"""At this delivery an early event leaves the bus: some six seconds after the first."""

LOOK_SECONDS = 5.0
DELAY_SECONDS_MIN = 2.0
DELAY_SECONDS_MAX = 60.0
WAITED_SHARE = 0.1
"""The next try comes after a tenth of the time it has waited, within these bounds."""

WAIT_MAX = timedelta(days=1)
"""What is not here after that does not come by itself any more: a person has to look."""

AT_ONCE = 64
TAKEN_SECONDS = 150.0
"""Longer than a handler may take: nobody else tries the same event meanwhile."""

OPEN_TRIES_MAX = 5
NO_END = "came too early, and its tries ended the process or never had an answer"


class NotYet(Exception):
    """The event is right but too early here; deliver it again in a moment."""


async def keep(conn: Connection, consumer: str, kept: Letter, error: str) -> bool:
    """Keep an early event and say when it is tried again.

    False when it has waited for a day: then it is parked, like any that cannot be applied.
    """
    await parked.keep(conn, consumer, kept, error)
    return bool(
        await conn.fetchval(
            """
            UPDATE parked_events
            SET try_again_at = clock_timestamp() + make_interval(secs => least($5, greatest(
                $4, $6 * extract(epoch FROM clock_timestamp() - parked_at)::float8)))
            WHERE consumer = $1
              AND event_id = $2
              AND parked_at > clock_timestamp() - $3::interval
            RETURNING true
            """,
            consumer,
            kept.event_id,
            WAIT_MAX,
            DELAY_SECONDS_MIN,
            DELAY_SECONDS_MAX,
            WAITED_SHARE,
        )
    )


async def oldest_seconds(pool: Pool, consumer: str) -> float | None:
    """Return how long the oldest early event of a durable has waited; None: there is none."""
    found: float | None = await pool.fetchval(
        """
        SELECT extract(epoch FROM clock_timestamp() - min(parked_at))::float8
        FROM parked_events
        WHERE consumer = $1 AND resolved_at IS NULL AND try_again_at IS NOT NULL
        """,
        consumer,
    )
    return found


async def take_due(conn: Connection, consumer: str) -> tuple[list[int], list[str]]:
    """Take the early events whose next try has come, in their order, each for one try.

    The try is counted before it begins. What had no end too often is parked instead, and
    is the second list, by subject.
    """
    rows = await conn.fetch(
        """
        UPDATE parked_events
        SET open_tries = open_tries + 1,
            error = CASE WHEN open_tries < $4 THEN error ELSE $5 END,
            try_again_at = CASE WHEN open_tries < $4
                THEN clock_timestamp() + make_interval(secs => $3) END
        WHERE parked_id IN (
            SELECT parked_id
            FROM parked_events
            WHERE consumer = $1
              AND resolved_at IS NULL
              AND try_again_at <= clock_timestamp()
            ORDER BY parked_id
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING parked_id, subject, try_again_at IS NOT NULL AS is_taken
        """,
        consumer,
        AT_ONCE,
        TAKEN_SECONDS,
        OPEN_TRIES_MAX,
        NO_END,
    )
    taken = sorted(row["parked_id"] for row in rows if row["is_taken"])
    return taken, [row["subject"] for row in rows if not row["is_taken"]]


async def put_off(conn: Connection, parked_id: int) -> None:
    """Note that a try did not begin: it is taken again when its time is over."""
    await conn.execute(
        "UPDATE parked_events SET open_tries = 0 WHERE parked_id = $1 AND resolved_at IS NULL",
        parked_id,
    )
