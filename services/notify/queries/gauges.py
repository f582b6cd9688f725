"""SQL of the figures an operator watches: mails that wait, and mails that are stuck."""

import msgspec

from services.chassis.database import Pool, decode_rows


class Waiting(msgspec.Struct, frozen=True):
    """How many mails of a kind are not sent yet, and the age of the oldest."""

    kind: str
    count: int
    oldest_seconds: float


class Stuck(msgspec.Struct, frozen=True):
    """How many mails of a kind only a person can do something about."""

    kind: str
    status: str
    count: int


async def count_waiting(pool: Pool) -> list[Waiting]:
    rows = await pool.fetch(
        """
        SELECT kind,
               count(*) AS count,
               extract(epoch FROM clock_timestamp() - min(queued_at))::float8 AS oldest_seconds
        FROM mails
        WHERE status IN ('queued', 'sending')
        GROUP BY kind
        LIMIT 100
        """
    )
    return decode_rows(rows, Waiting)


async def count_stuck(pool: Pool) -> list[Stuck]:
    rows = await pool.fetch(
        """
        SELECT kind, status, count(*) AS count
        FROM mails
        WHERE status IN ('undeliverable', 'parked')
        GROUP BY kind, status
        LIMIT 100
        """
    )
    return decode_rows(rows, Stuck)
