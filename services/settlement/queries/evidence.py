"""SQL about disputes as an operator reads them, with all we know of the charge."""

from datetime import datetime
from typing import Any

import msgspec

from services.chassis.storage.database import Connection, decode_rows


class DisputeShown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A dispute, inquiry or fraud warning. Amounts are cents."""

    dispute_id: str
    kind: str
    status: str
    reason: str
    amount: int
    withdrawn: int
    dispute_fee: int
    currency: str
    evidence_due_at: datetime | None
    opened_at: datetime
    campaign_slug: str
    supporter: str
    order_ids: list[str]
    charge_id: str
    payment_intent_id: str | None
    stripe_charge_id: str | None


SHOWN = """
    dispute_id AS "disputeId", kind, disputes.status, reason, disputes.amount_cents AS amount,
    withdrawn_cents AS withdrawn, dispute_fee_cents AS "disputeFee", disputes.currency,
    evidence_due_at AS "evidenceDueAt", opened_at AS "openedAt", campaign AS "campaignSlug",
    supporter_id AS supporter, pledge_ids AS "orderIds", charge_id AS "chargeId",
    payment_intent_id AS "paymentIntentId", stripe_charge_id AS "stripeChargeId"
"""


async def list_disputes(conn: Connection, *, limit: int) -> list[DisputeShown]:
    """Return disputes, those that wait for an answer first, then the newest."""
    rows = await conn.fetch(
        f"""
        SELECT {SHOWN}
        FROM disputes
        JOIN charges USING (charge_id)
        ORDER BY disputes.status LIKE '%needs_response' DESC, opened_at DESC, dispute_id
        LIMIT $1
        """,  # noqa: S608
        limit,
    )
    return decode_rows(rows, DisputeShown)


async def find_dispute(conn: Connection, dispute_id: str) -> DisputeShown | None:
    row = await conn.fetchrow(
        f"""
        SELECT {SHOWN}
        FROM disputes
        JOIN charges USING (charge_id)
        WHERE dispute_id = $1
        """,  # noqa: S608
        dispute_id,
    )
    return None if row is None else msgspec.convert(row, DisputeShown)


async def tell_charge(conn: Connection, charge_id: str) -> dict[str, Any]:
    """Return a charge's own story: when it was asked for, tried, decided, noticed, refunded."""
    row = await conn.fetchrow(
        """
        SELECT
            charges.charge_id AS "chargeId", purpose, amount_cents AS amount, currency,
            card_brand AS "cardBrand", card_last4 AS "cardLast4",
            requested_at AS "requestedAt", decided_at AS "decidedAt",
            create_parameters -> 'statement_descriptor_suffix' AS "statementSuffix",
            (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'attempt', attempt, 'state', state, 'begunAt', begun_at,
                    'decidedAt', attempt.decided_at, 'type', error_type, 'class', attempt.because,
                    'code', code, 'declineCode', decline_code, 'adviceCode', advice_code,
                    'networkDeclineCode', network_decline_code,
                    'networkAdviceCode', network_advice_code
                ) ORDER BY attempt), '[]')
                FROM charge_attempts AS attempt
                WHERE attempt.charge_id = charges.charge_id
            ) AS attempts,
            (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'moment', moment, 'toldAt', decided_at
                ) ORDER BY decided_at), '[]')
                FROM charge_notices AS notice
                WHERE notice.campaign = charges.campaign
                  AND notice.supporter_id = charges.supporter_id
                  AND is_told
            ) AS notices,
            (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'refundId', refund_id, 'amount', refund.amount_cents,
                    'status', refund.status, 'madeAt', made_at
                ) ORDER BY number), '[]')
                FROM refunds AS refund
                WHERE refund.charge_id = charges.charge_id
            ) AS refunds
        FROM charges
        WHERE charge_id = $1
        """,
        charge_id,
    )
    return {} if row is None else dict(row)


class Financials(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign's charges came to, as far as Stripe has told it."""

    charges: int
    known: int
    gross_cents: int
    fee_cents: int
    net_cents: int


async def sum_financials(conn: Connection, slug: str) -> Financials:
    row = await conn.fetchrow(
        """
        SELECT count(*) AS charges, count(fees.charge_id) AS known,
            coalesce(sum(gross_cents), 0)::bigint AS gross_cents,
            coalesce(sum(fee_cents), 0)::bigint AS fee_cents,
            coalesce(sum(net_cents), 0)::bigint AS net_cents
        FROM charges
        LEFT JOIN fees USING (charge_id)
        WHERE campaign = $1
          AND status = 'succeeded'
        """,
        slug,
    )
    return msgspec.convert(row, Financials)
