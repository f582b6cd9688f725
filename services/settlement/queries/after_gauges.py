"""SQL of the figures an operator watches, about what comes after a charge."""

import msgspec

from services.chassis.storage.database import Connection


class AfterGauges(msgspec.Struct, frozen=True, kw_only=True):
    """The figures at one moment."""

    breaks: dict[str, int]
    refunds: dict[str, int]
    reconciled_seconds: float | None
    fees_missing: int
    is_paused: bool
    disputes_open: int
    looks_waiting: int
    cards_of_other_customers: int


async def read(conn: Connection) -> AfterGauges:
    row = await conn.fetchrow(
        """
        SELECT
            (
                SELECT coalesce(jsonb_object_agg(kind, breaks), '{}')
                FROM (
                    SELECT kind, count(*) AS breaks
                    FROM reconciliation_breaks
                    WHERE closed_at IS NULL
                    GROUP BY kind
                ) AS open
            ) AS breaks,
            (
                SELECT coalesce(jsonb_object_agg(status, refunds), '{}')
                FROM (SELECT status, count(*) AS refunds FROM refunds GROUP BY status) AS all_of
            ) AS refunds,
            (
                SELECT extract(epoch FROM clock_timestamp() - max(finished_at))::float
                FROM reconciliations
                WHERE NOT is_dry_run
                  AND error IS NULL
            ) AS reconciled_seconds,
            (
                SELECT count(*)
                FROM charges
                WHERE status = 'succeeded'
                  AND NOT EXISTS (SELECT FROM fees WHERE fees.charge_id = charges.charge_id)
            ) AS fees_missing,
            EXISTS (SELECT FROM pauses WHERE is_paused) AS is_paused,
            (
                SELECT count(*) FROM disputes WHERE status LIKE '%needs_response'
            ) AS disputes_open,
            (SELECT count(*) FROM looks WHERE done_at IS NULL) AS looks_waiting,
            (
                SELECT count(DISTINCT charge_id)
                FROM charges
                JOIN pledge_copies AS copy ON copy.pledge_id = ANY(pledge_ids)
                WHERE charges.status IN ('declined', 'with_person')
                  AND copy.customer_id <> charges.customer_id
                  AND coalesce(copy.card_saved_at, copy.created_at)
                      > coalesce(charges.card_saved_at, '-infinity')
            ) AS cards_of_other_customers
        """
    )
    return msgspec.convert(row, AfterGauges)
