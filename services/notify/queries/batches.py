"""The SQL of batches: many mails that are one request, always the same one."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.chassis.storage.database import Connection, decode_rows
from services.notify.domain.mails import Mail

MAIL = """
    mail_id, mails.kind, mails.campaign, address, language, facts, mails.created_at, mails.attempts,
    edition, mails.first_attempt_at, clock_timestamp() AS claimed_at,
    broadcasts.news AS broadcast
"""


class OpenBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A request to send many mails: under lease, and always the same one."""

    batch_id: str
    attempts: int
    first_attempt_at: datetime
    claimed_at: datetime


async def lease_batch(conn: Connection, *, lease_seconds: float) -> OpenBatch | None:
    """Lease the batch whose turn it is again: its sender died, or was not answered."""
    row = await conn.fetchrow(
        """
        UPDATE batches
        SET attempts = attempts + 1,
            next_attempt_at = clock_timestamp() + make_interval(secs => $1)
        WHERE batch_id = (
            SELECT batch_id
            FROM batches
            WHERE is_open AND next_attempt_at <= clock_timestamp()
            ORDER BY next_attempt_at
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING batch_id, attempts, first_attempt_at, clock_timestamp() AS claimed_at
        """,
        lease_seconds,
    )
    return None if row is None else msgspec.convert(row, OpenBatch)


async def lock_queued(conn: Connection, *, limit: int) -> list[tuple[int, str, bool]]:
    """Return the next mails of the oldest broadcast: number, broadcast, and who wants none.

    Asked just before sending: who was suppressed, unsubscribed, withdrew or asked to be
    forgotten since the mail was written does not get it.
    """
    rows = await conn.fetch(
        """
        SELECT mail_number, broadcast_id,
               NOT may_be_told(
                   recipient,
                   campaign,
                   CASE kind WHEN 'launch_reminder' THEN 'launch' ELSE 'news' END
               )
               OR kind <> 'launch_reminder' AND (
                   forgotten_at IS NOT NULL
                   OR NOT EXISTS (
                       SELECT
                       FROM pledge_copies
                       WHERE pledge_copies.campaign = mails.campaign
                         AND pledge_copies.recipient = mails.recipient
                         AND pledge_copies.is_standing
                   )
               ) AS is_unwanted
        FROM mails
        WHERE status = 'queued'
          AND broadcast_id = (
              SELECT broadcast_id
              FROM mails
              JOIN campaigns ON campaigns.slug = mails.campaign
              WHERE status = 'queued' AND broadcast_id IS NOT NULL
              ORDER BY broadcast_id, mail_number
              LIMIT 1
          )
        ORDER BY mail_number
        LIMIT $1
        FOR UPDATE SKIP LOCKED
        """,
        limit,
    )
    return [(row["mail_number"], row["broadcast_id"], row["is_unwanted"]) for row in rows]


async def withhold(conn: Connection, numbers: Sequence[int]) -> None:
    """Send these to nobody."""
    await conn.execute(
        "UPDATE mails SET status = 'withheld' WHERE mail_number = ANY($1)", list(numbers)
    )


async def open_batch(
    conn: Connection,
    batch_id: str,
    *,
    broadcast_id: str,
    numbers: Sequence[int],
    lease_seconds: float,
) -> OpenBatch:
    """Make one request of these mails, for good."""
    row = await conn.fetchrow(
        """
        INSERT INTO batches (batch_id, broadcast_id, next_attempt_at)
        VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
        RETURNING batch_id, attempts, first_attempt_at, clock_timestamp() AS claimed_at
        """,
        batch_id,
        broadcast_id,
        lease_seconds,
    )
    await conn.execute(
        """
        UPDATE mails
        SET status = 'sending',
            batch_id = $1,
            attempts = 1,
            first_attempt_at = clock_timestamp()
        WHERE mail_number = ANY($2)
        """,
        batch_id,
        list(numbers),
    )
    return msgspec.convert(row, OpenBatch)


async def list_batch(conn: Connection, batch_id: str) -> list[Mail]:
    """Return the mails of a batch, always in the same order."""
    rows = await conn.fetch(
        f"""
        SELECT {MAIL}
        FROM mails
        JOIN broadcasts USING (broadcast_id)
        WHERE batch_id = $1
        ORDER BY mail_number
        LIMIT 100
        """,  # noqa: S608 (a constant of this module)
        batch_id,
    )
    return decode_rows(rows, Mail)


async def delay_batch(
    conn: Connection, batch_id: str, *, attempts: int, delay_seconds: float, is_untouched: bool
) -> None:
    """Let a batch wait, unless another sender has taken it over meanwhile.

    What was certainly not taken costs no attempt.
    """
    await conn.execute(
        """
        UPDATE batches
        SET next_attempt_at = clock_timestamp() + make_interval(secs => $3),
            attempts = attempts - $4::integer
        WHERE batch_id = $1 AND is_open AND attempts = $2
        """,
        batch_id,
        attempts,
        delay_seconds,
        int(is_untouched),
    )


async def close_batch(
    conn: Connection, batch_id: str, mails: Sequence[tuple[str, str, str | None]]
) -> bool:
    """End a batch: mail id, what became of it, and Resend's id. False when it had ended."""
    row = await conn.fetchrow(
        "UPDATE batches SET is_open = false WHERE batch_id = $1 AND is_open RETURNING batch_id",
        batch_id,
    )
    if row is None:
        return False
    await conn.execute(
        """
        UPDATE mails
        SET status = ended.status,
            resend_id = ended.resend_id,
            sent_at = CASE ended.status WHEN 'sent' THEN clock_timestamp() END
        FROM unnest($1::text[], $2::text[], $3::text[]) AS ended (mail_id, status, resend_id)
        WHERE mails.mail_id = ended.mail_id AND mails.batch_id = $4
        """,
        [each[0] for each in mails],
        [each[1] for each in mails],
        [each[2] for each in mails],
        batch_id,
    )
    return True


async def append_batch_deliveries(
    conn: Connection,
    attempt: int,
    deliveries: Sequence[tuple[str, str, str, str | None]],
) -> None:
    """Note one attempt for each mail: its id, outcome, code, and Resend's id."""
    await conn.execute(
        """
        INSERT INTO deliveries (mail_id, attempt, outcome, code, resend_id)
        SELECT mail_id, $5, outcome, code, resend_id
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
            AS new (mail_id, outcome, code, resend_id)
        """,
        [each[0] for each in deliveries],
        [each[1] for each in deliveries],
        [each[2][:200] for each in deliveries],
        [each[3] for each in deliveries],
        attempt,
    )
