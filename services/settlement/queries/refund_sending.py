"""SQL about refunds on their way: leased, sent, answered, and those others made at Stripe."""

from datetime import datetime, timedelta

import msgspec

from contracts.ids import ChargeId, PledgeId
from services.chassis.storage.database import Connection, decode_rows
from services.settlement.domain.money_back import LEASE, Paid, RefundRow, StripeRefund


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as its row says it."""

    refund_id: str
    charge_id: ChargeId
    pledge_id: PledgeId | None
    amount_cents: int
    status: str
    stripe_refund_id: str | None
    version: int


async def insert_adopted(
    conn: Connection, refund_id: str, paid: Paid, number: int, found: StripeRefund
) -> None:
    """Keep a refund that somebody else made at Stripe."""
    await conn.execute(
        """
        INSERT INTO refunds
            (refund_id, charge_id, number, amount_cents, status, stripe_refund_id, made_at)
        VALUES ($1, $2, $3, $4, 'pending', $5, platform.now())
        """,
        refund_id,
        paid.charge_id,
        number,
        found.amount_cents,
        found.stripe_refund_id,
    )


async def lease_due(conn: Connection, *, limit: int) -> list[RefundRow]:
    """Take refunds that are due and nobody's; none while payments are paused."""
    rows = await conn.fetch(
        """
        UPDATE refunds
        SET status = 'sending', lease_until = clock_timestamp() + $1,
            lease_token = lease_token + 1, tries = tries + 1
        WHERE refund_id IN (
            SELECT refund_id
            FROM refunds
            WHERE status IN ('new', 'sending')
              AND due_at <= clock_timestamp()
              AND lease_until < clock_timestamp()
              AND NOT EXISTS (SELECT FROM pauses WHERE is_paused)
            ORDER BY due_at, refund_id
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING refund_id, charge_id, number, parameters, status, tries, key_serial,
            clock_timestamp() - keyed_at AS key_age, is_key_spent,
            sent_at IS NOT NULL AS was_sent, lease_token
        """,
        LEASE,
        limit,
    )
    return decode_rows(rows, RefundRow)


async def mark_sent(conn: Connection, row: RefundRow, *, is_key_new: bool) -> int | None:
    """Write that the request is about to leave us; return the key's serial, None: lease lost."""
    serial: int | None = await conn.fetchval(
        """
        UPDATE refunds
        SET sent_at = clock_timestamp(),
            key_serial = key_serial + CASE WHEN $3 THEN 1 ELSE 0 END,
            keyed_at = CASE WHEN $3 THEN clock_timestamp()
                       ELSE coalesce(keyed_at, clock_timestamp()) END,
            is_key_spent = is_key_spent AND NOT $3
        WHERE refund_id = $1
          AND lease_token = $2
          AND status = 'sending'
        RETURNING key_serial
        """,
        row.refund_id,
        row.lease_token,
        is_key_new,
    )
    return serial


async def postpone(
    conn: Connection, row: RefundRow, wait: timedelta, *, was_sent: bool, is_key_spent: bool
) -> None:
    """Give a refund back for later. What may have been executed is read back first then."""
    await conn.execute(
        """
        UPDATE refunds
        SET due_at = clock_timestamp() + $3, lease_until = '-infinity',
            sent_at = CASE WHEN $4 THEN sent_at END, is_key_spent = is_key_spent OR $5
        WHERE refund_id = $1
          AND lease_token = $2
          AND status = 'sending'
        """,
        row.refund_id,
        row.lease_token,
        wait,
        was_sent,
        is_key_spent,
    )


async def refuse(conn: Connection, row: RefundRow, because: str) -> bool:
    """Write Stripe's definite no; False when it was decided otherwise meanwhile."""
    done = await conn.fetchval(
        """
        UPDATE refunds
        SET status = 'refused', because = $3, lease_until = '-infinity'
        WHERE refund_id = $1
          AND lease_token = $2
          AND status = 'sending'
        RETURNING true
        """,
        row.refund_id,
        row.lease_token,
        because,
    )
    return done is not None


async def find_kept(conn: Connection, found: StripeRefund, charge_id: ChargeId) -> Kept | None:
    """Return our row of a refund, locked: by Stripe's id, else by our own note on it."""
    row = await conn.fetchrow(
        """
        SELECT refund_id, charge_id, pledge_id, amount_cents, status, stripe_refund_id, version
        FROM refunds
        WHERE charge_id = $3
          AND (stripe_refund_id = $1 OR (stripe_refund_id IS NULL AND refund_id = $2))
        FOR UPDATE
        """,
        found.stripe_refund_id,
        found.refund_id,
        charge_id,
    )
    return None if row is None else msgspec.convert(row, Kept)


async def advance(conn: Connection, kept: Kept, found: StripeRefund, *, version: int) -> datetime:
    """Write what a refund is at Stripe; return the platform's time."""
    at: datetime = await conn.fetchval(
        """
        UPDATE refunds
        SET status = CASE WHEN status = 'new' THEN 'sending' ELSE status END
        WHERE refund_id = $1
        RETURNING platform.now()
        """,
        kept.refund_id,
    )
    await conn.execute(
        """
        UPDATE refunds
        SET status = $2, stripe_refund_id = $3, because = nullif($4, ''), version = $5,
            lease_until = '-infinity'
        WHERE refund_id = $1
        """,
        kept.refund_id,
        found.state,
        found.stripe_refund_id,
        found.failure_reason,
        version,
    )
    return at
