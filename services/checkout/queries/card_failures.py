"""SQL about cards that could not be saved: counted by session and by address, for a while."""

from services.chassis.storage.database import Connection

HOUR_SECONDS = 3_600


async def insert_failure(
    conn: Connection, event_id: str, *, intent_id: str, client_key: str, code: str
) -> int:
    """Count a failure, once; return how many this session has by now."""
    await conn.execute(
        """
        INSERT INTO card_failures (event_id, intent_id, client_key, code)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """,
        event_id,
        intent_id,
        client_key,
        code,
    )
    count: int = await conn.fetchval(
        "SELECT count(*) FROM card_failures WHERE intent_id = $1", intent_id
    )
    return count


async def seconds_until_free(conn: Connection, client_key: str, limit: int) -> float:
    """Return how long an address has to wait until it is below the limit; 0: it is."""
    seconds: float | None = await conn.fetchval(
        """
        SELECT extract(epoch FROM failed_at - clock_timestamp())::float8 + $3
        FROM card_failures
        WHERE client_key = $1
          AND failed_at > clock_timestamp() - make_interval(secs => $3)
        ORDER BY failed_at DESC
        OFFSET $2 - 1
        LIMIT 1
        """,
        client_key,
        limit,
        HOUR_SECONDS,
    )
    return max(0.0, seconds or 0.0)


async def forget_old(conn: Connection) -> int:
    """Forget failures nobody counts any more."""
    status = await conn.execute(
        "DELETE FROM card_failures WHERE failed_at < clock_timestamp() - interval '2 days'"
    )
    return int(status.split()[-1])
