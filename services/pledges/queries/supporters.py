"""Who pledged, as an operator looks for them, and what tax was taken where."""

from datetime import datetime

import msgspec

from contracts.api.pledges import PledgeStatus
from contracts.ids import CampaignSlug, PledgeId, SupporterId
from services.chassis.storage.database import Connection, decode_rows


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to look for: every condition that is given must hold for a pledge of theirs."""

    campaign: CampaignSlug
    status: PledgeStatus | None = None
    item_id: str | None = None
    country: str | None = None
    words: str | None = None
    after: str = ""
    limit: int = 100


class Supporter(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A supporter and what the pledges that were looked for come to, in cents.

    `amount` leaves out what was cancelled or released.
    """

    supporter_id: SupporterId
    email: str
    order_ids: tuple[PledgeId, ...]
    statuses: tuple[PledgeStatus, ...]
    item_names: tuple[str, ...]
    subtotal: int
    amount: int
    preferred_lang: str
    country: str | None
    first_pledged_at: datetime


class TaxLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was taxed and taken in one place at one rate; `tax_returned` went back since."""

    jurisdiction: str
    provider: str
    rate: str
    rate_version: str
    pledges: int
    taxable_subtotal: int
    taxable_shipping: int
    tax: int
    tax_returned: int


async def list_supporters(conn: Connection, wanted: Filter) -> list[Supporter]:
    """Return the next supporters by address."""
    rows = await conn.fetch(
        """
        WITH found AS (
            SELECT supporter_id, supporters.email, pledge_id, status, subtotal_cents, total_cents,
                language, shipping_address ->> 'country' AS country, created_at
            FROM pledges
            JOIN supporters USING (supporter_id)
            WHERE campaign = $1
              AND ($2::text IS NULL OR status = $2)
              AND ($3::text IS NULL OR EXISTS (
                  SELECT 1
                  FROM pledge_lines
                  WHERE pledge_lines.pledge_id = pledges.pledge_id
                    AND item_id = $3
              ))
              AND ($4::text IS NULL OR shipping_address ->> 'country' = $4)
              AND ($5::text IS NULL OR strpos(supporters.email, lower($5)) > 0)
              AND supporters.email COLLATE "C" > $6
        )
        SELECT supporter_id AS "supporterId", email COLLATE "C" AS email,
            array_agg(pledge_id ORDER BY created_at, pledge_id) AS "orderIds",
            array_agg(DISTINCT status) AS statuses,
            (
                SELECT coalesce(array_agg(DISTINCT label), '{}')
                FROM pledge_lines
                WHERE pledge_lines.pledge_id = ANY(array_agg(found.pledge_id))
            ) AS "itemNames",
            coalesce(sum(subtotal_cents)
                FILTER (WHERE status NOT IN ('cancelled', 'released')), 0)::bigint AS subtotal,
            coalesce(sum(total_cents)
                FILTER (WHERE status NOT IN ('cancelled', 'released')), 0)::bigint AS amount,
            (array_agg(language ORDER BY created_at DESC))[1] AS "preferredLang",
            (array_agg(country ORDER BY created_at DESC))[1] AS country,
            min(created_at) AS "firstPledgedAt"
        FROM found
        GROUP BY supporter_id, email
        ORDER BY email COLLATE "C"
        LIMIT $7
        """,
        wanted.campaign,
        wanted.status,
        wanted.item_id,
        wanted.country,
        wanted.words,
        wanted.after,
        wanted.limit,
    )
    return decode_rows(rows, Supporter)


async def sum_taxes(
    conn: Connection, campaign: CampaignSlug | None, since: datetime | None, until: datetime | None
) -> list[TaxLine]:
    """Return what was taxed by place and rate among what was charged in a period."""
    rows = await conn.fetch(
        """
        SELECT coalesce(details ->> 'jurisdiction', '') AS jurisdiction,
            tax_provider AS provider,
            tax_rate AS rate,
            coalesce(details ->> 'rate_version', '') AS "rateVersion",
            count(*) AS pledges,
            coalesce(sum((details ->> 'taxable_subtotal_cents')::bigint), 0)::bigint
                AS "taxableSubtotal",
            coalesce(sum((details ->> 'taxable_shipping_cents')::bigint), 0)::bigint
                AS "taxableShipping",
            sum(tax_cents)::bigint AS tax,
            sum(goal_returned(tax_cents, total_cents, returned_cents))::bigint AS "taxReturned"
        FROM pledges
        CROSS JOIN LATERAL (SELECT price_details -> 'tax_details' AS details) AS taxed
        WHERE status = 'charged'
          AND ($1::text IS NULL OR campaign = $1)
          AND ($2::timestamptz IS NULL OR charged_at >= $2)
          AND ($3::timestamptz IS NULL OR charged_at < $3)
        GROUP BY 1, 2, 3, 4
        ORDER BY 1, 2, 3, 4
        """,
        campaign,
        since,
        until,
    )
    return decode_rows(rows, TaxLine)
