"""SQL about what has to be read back at Stripe, and what was found: fees and disputes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, decode_rows
from services.settlement.domain.money_back import (
    LEASE,
    Financials,
    Look,
    LookKind,
    Paid,
    StripeDispute,
)

PAID = """
    charge_id, campaign, supporter_id, purpose, pledge_ids, amount_cents, currency, status,
    coalesce(payment_intent_id, '') AS payment_intent_id, stripe_charge_id
"""
MISSING_MAX = 500


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Something at Stripe that is to be read back, and the payment it belongs to."""

    kind: LookKind
    object_id: str
    payment_intent_id: str | None


async def ask(conn: Connection, wishes: Sequence[Wish]) -> None:
    """Make looks due now, also those that were done or given up.

    Everybody who asks for several asks in the order of the key: so nobody waits in a circle.
    """
    await conn.execute(
        """
        INSERT INTO looks (kind, object_id, payment_intent_id, asked)
        SELECT kind, object_id, max(payment_intent_id), count(*)
        FROM unnest($1::text[], $2::text[], $3::text[])
            AS wish (kind, object_id, payment_intent_id)
        GROUP BY kind, object_id
        ORDER BY kind, object_id
        ON CONFLICT (kind, object_id) DO UPDATE
        SET asked = looks.asked + excluded.asked, tries = 0, done_at = NULL, outcome = NULL,
            due_at = clock_timestamp(),
            payment_intent_id = coalesce(looks.payment_intent_id, excluded.payment_intent_id)
        """,
        [each.kind for each in wishes],
        [each.object_id for each in wishes],
        [each.payment_intent_id for each in wishes],
    )


async def ask_what_went_back(conn: Connection, intent_id: str) -> None:
    """Have refunds read back of what was taken without our knowing, some time ago perhaps."""
    await ask(conn, [Wish(kind="refunds", object_id=intent_id, payment_intent_id=intent_id)])


async def ask_for_missing_fees(conn: Connection, wait: timedelta) -> int:
    """Have charges without a known fee looked at after `wait`, unless they are already."""
    status = await conn.execute(
        """
        INSERT INTO looks (kind, object_id, payment_intent_id, due_at)
        SELECT 'charge', stripe_charge_id, payment_intent_id, clock_timestamp() + $1
        FROM (
            SELECT stripe_charge_id, payment_intent_id
            FROM charges
            WHERE status = 'succeeded'
              AND NOT EXISTS (SELECT FROM fees WHERE fees.charge_id = charges.charge_id)
              AND NOT EXISTS (
                  SELECT FROM looks WHERE kind = 'charge' AND object_id = stripe_charge_id
              )
            LIMIT $2
        ) AS missing
        ORDER BY stripe_charge_id
        ON CONFLICT DO NOTHING
        """,
        wait,
        MISSING_MAX,
    )
    return int(status.split()[-1])


async def ask_for_campaigns_fees(conn: Connection, slug: CampaignSlug) -> None:
    """Have every charge of a campaign without a known fee looked at now."""
    await conn.execute(
        """
        INSERT INTO looks (kind, object_id, payment_intent_id)
        SELECT 'charge', stripe_charge_id, payment_intent_id
        FROM charges
        WHERE campaign = $1
          AND status = 'succeeded'
          AND NOT EXISTS (SELECT FROM fees WHERE fees.charge_id = charges.charge_id)
        ORDER BY stripe_charge_id
        ON CONFLICT (kind, object_id) DO UPDATE
        SET asked = looks.asked + 1, tries = 0, done_at = NULL, outcome = NULL,
            due_at = clock_timestamp()
        """,
        slug,
    )


async def lease_due(conn: Connection, *, limit: int) -> list[Look]:
    rows = await conn.fetch(
        """
        UPDATE looks
        SET lease_until = clock_timestamp() + $1, tries = tries + 1
        WHERE (kind, object_id) IN (
            SELECT kind, object_id
            FROM looks
            WHERE done_at IS NULL
              AND due_at <= clock_timestamp()
              AND lease_until < clock_timestamp()
            ORDER BY due_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING kind, object_id, payment_intent_id, asked, tries
        """,
        LEASE,
        limit,
    )
    return decode_rows(rows, Look)


async def finish(conn: Connection, look: Look, outcome: str) -> None:
    """End a look, unless it was asked for again meanwhile: then it is due."""
    await conn.execute(
        """
        UPDATE looks
        SET lease_until = '-infinity',
            done_at = CASE WHEN asked = $3 THEN clock_timestamp() END,
            outcome = CASE WHEN asked = $3 THEN $4 END
        WHERE kind = $1
          AND object_id = $2
        """,
        look.kind,
        look.object_id,
        look.asked,
        outcome,
    )


async def look_again(conn: Connection, look: Look, wait: timedelta) -> None:
    await conn.execute(
        """
        UPDATE looks
        SET lease_until = '-infinity',
            due_at = CASE WHEN asked = $3 THEN clock_timestamp() + $4 ELSE due_at END
        WHERE kind = $1
          AND object_id = $2
        """,
        look.kind,
        look.object_id,
        look.asked,
        wait,
    )


async def find_paid(conn: Connection, look: Look) -> Paid | None:
    """Return the charge a look is about; None when it is none of ours, or not yet."""
    row = await conn.fetchrow(
        f"""
        SELECT {PAID}
        FROM charges
        WHERE payment_intent_id = $1
        """,  # noqa: S608
        look.payment_intent_id,
    )
    return None if row is None else msgspec.convert(row, Paid)


async def insert_fees(
    conn: Connection, paid: Paid, stripe_charge_id: str, found: Financials
) -> datetime | None:
    """Write what a charge cost; return the platform's time, None when it was known."""
    at: datetime | None = await conn.fetchval(
        """
        INSERT INTO fees
            (charge_id, stripe_charge_id, balance_transaction_id, gross_cents, fee_cents,
             net_cents, currency, available_at, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, platform.now())
        ON CONFLICT (charge_id) DO NOTHING
        RETURNING recorded_at
        """,
        paid.charge_id,
        stripe_charge_id,
        found.balance_transaction_id,
        found.gross_cents,
        found.fee_cents,
        found.net_cents,
        found.currency,
        found.available_at,
    )
    return at


async def upsert_dispute(
    conn: Connection, paid: Paid, found: StripeDispute
) -> tuple[int, datetime] | None:
    """Keep a dispute as it is now; return its version and the time, None for nothing new."""
    row = await conn.fetchrow(
        """
        INSERT INTO disputes
            (dispute_id, charge_id, kind, status, reason, amount_cents, withdrawn_cents,
             dispute_fee_cents, currency, evidence_due_at, opened_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, platform.now())
        ON CONFLICT (dispute_id) DO UPDATE
        SET kind = excluded.kind, status = excluded.status, reason = excluded.reason,
            amount_cents = excluded.amount_cents,
            withdrawn_cents = excluded.withdrawn_cents,
            dispute_fee_cents = excluded.dispute_fee_cents,
            evidence_due_at = excluded.evidence_due_at,
            updated_at = excluded.updated_at, version = disputes.version + 1
        WHERE (disputes.kind, disputes.status, disputes.reason, disputes.amount_cents,
               disputes.withdrawn_cents, disputes.dispute_fee_cents, disputes.evidence_due_at)
            IS DISTINCT FROM
              (excluded.kind, excluded.status, excluded.reason, excluded.amount_cents,
               excluded.withdrawn_cents, excluded.dispute_fee_cents, excluded.evidence_due_at)
        RETURNING version, updated_at
        """,
        found.dispute_id,
        paid.charge_id,
        found.kind,
        found.status,
        found.reason,
        found.amount_cents,
        found.withdrawn_cents,
        found.dispute_fee_cents,
        found.currency,
        found.evidence_due_at,
        found.opened_at,
    )
    return None if row is None else (row["version"], row["updated_at"])
