"""What operators read: what waits, what is stuck, and which mails lead to a pledge."""

from typing import Any

import msgspec

from services.chassis.storage.database import Pool, decode_rows


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


async def list_mails_of(pool: Pool, pledge_id: str) -> list[Any]:
    """Return the mails that lead to a pledge, oldest first, by the names operators read."""
    return await pool.fetch(
        """
        SELECT mail_id AS "mailId", kind, address, language, created_at AS "writtenAt", status,
               sent_at AS "sentAt", resend_id AS "resendId"
        FROM mails
        WHERE facts ->> 'pledge_id' = $1
        ORDER BY mail_number
        LIMIT 200
        """,
        pledge_id,
    )
