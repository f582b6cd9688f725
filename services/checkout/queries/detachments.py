"""SQL of the detach queue: cards that nobody needs, each detached once."""

from collections.abc import Sequence

from services.chassis.storage.database import Connection

BACK_OFF_SECONDS_MAX = 6 * 3600


async def queue_cards(conn: Connection, payment_method_ids: Sequence[str], because: str) -> None:
    """Put cards into the queue, or wake them there."""
    await conn.execute(
        """
        INSERT INTO card_detachments AS queued (payment_method_id, because)
        SELECT unnest($1::text[]), $2
        ON CONFLICT (payment_method_id) DO UPDATE
        SET due_at = clock_timestamp()
        WHERE queued.detached_at IS NULL
        """,
        payment_method_ids,
        because,
    )


async def take_due(conn: Connection, limit: int) -> list[str]:
    """Take cards whose time has come and which no pledge needs, and set the next try.

    Whether a card is needed is asked here once more: the reason to queue it may be over.
    """
    rows = await conn.fetch(
        """
        UPDATE card_detachments
        SET attempts = attempts + 1,
            due_at = clock_timestamp()
                + least(60 * 2 ^ least(attempts, 20), $2::integer) * interval '1 second'
        WHERE payment_method_id IN (
            SELECT payment_method_id
            FROM card_detachments AS queued
            WHERE detached_at IS NULL
              AND due_at <= clock_timestamp()
              AND NOT EXISTS (
                  SELECT 1
                  FROM card_uses
                  WHERE card_uses.payment_method_id = queued.payment_method_id
                    AND ended_as IS NULL
              )
            ORDER BY due_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING payment_method_id
        """,
        limit,
        BACK_OFF_SECONDS_MAX,
    )
    return [row["payment_method_id"] for row in rows]


async def mark_detached(conn: Connection, payment_method_id: str) -> None:
    """Note that a card is detached, whoever did it."""
    await conn.execute(
        """
        UPDATE card_detachments
        SET detached_at = clock_timestamp(),
            error = NULL
        WHERE payment_method_id = $1
          AND detached_at IS NULL
        """,
        payment_method_id,
    )


async def note_error(conn: Connection, payment_method_id: str, error: str) -> None:
    await conn.execute(
        "UPDATE card_detachments SET error = $2 WHERE payment_method_id = $1",
        payment_method_id,
        error,
    )


async def count_waiting(conn: Connection) -> tuple[int, float]:
    """Return how many cards wait to be detached, and for how long the oldest has."""
    row = await conn.fetchrow(
        """
        SELECT count(*) AS waiting,
               coalesce(extract(epoch FROM clock_timestamp() - min(queued_at)), 0)::float8 AS oldest
        FROM card_detachments
        WHERE detached_at IS NULL
        """
    )
    assert row is not None
    return row["waiting"], row["oldest"]
