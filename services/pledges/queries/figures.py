"""What operators' figures are made of: sums by campaign, by property, by day."""

from datetime import datetime

import msgspec

from contracts.api.analytics import BreakdownName, BreakdownRow, Day
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, decode_rows
from services.pledges.domain.analytics import PartSums

CAMPAIGNS_MAX = 1_000
DAYS_MAX = 3_660
REFERRALS_MAX = 1_000
ROWS_SHOWN = 50
"""Rows of a breakdown that stand alone; words in addresses are anybody's to make up."""


SUM_PARTS = """
        WITH counted AS MATERIALIZED (
            SELECT campaign, pledge_id, goal_cents, subtotal_cents, shipping_cents, tax_cents,
                tip_cents, total_cents, returned_cents,
                CASE status WHEN 'charged' THEN 'charged' ELSE 'open' END AS part,
                CASE
                    WHEN status = 'charged' THEN charge_id
                    WHEN is_late THEN pledge_id
                    ELSE supporter_id
                END AS charge
            FROM pledges
            WHERE ($1::text IS NULL OR campaign = $1)
              AND (status IN ('charged', 'active') OR status = 'payment_failed' AND lost_at IS NULL)
        ), moved AS (
            SELECT pledge_id,
                bool_or(kind = 'gross') AS is_known,
                coalesce(-sum(cents) FILTER (WHERE kind = 'fee'), 0) AS fee,
                coalesce(-sum(cents) FILTER (WHERE kind = 'dispute_fee'), 0) AS dispute_fee
            FROM pledge_money
            JOIN counted USING (pledge_id)
            GROUP BY pledge_id
        ), charged AS (
            SELECT campaign, part, charge, coalesce(bool_or(is_known), false) AS is_known,
                coalesce(sum(fee), 0) AS known_fee,
                (sum(total_cents) * 29 + 500) / 1000 + 30 AS expected_fee
            FROM counted
            LEFT JOIN moved USING (pledge_id)
            GROUP BY campaign, part, charge
        ), fees AS (
            SELECT campaign, part,
                count(*) FILTER (WHERE is_known) AS known_charges,
                coalesce(sum(known_fee) FILTER (WHERE is_known), 0)::bigint AS known_fees,
                count(*) FILTER (WHERE NOT is_known) AS expected_charges,
                coalesce(sum(floor(expected_fee)) FILTER (WHERE NOT is_known), 0)::bigint
                    AS expected_fees
            FROM charged
            GROUP BY campaign, part
        ), add_ons AS (
            SELECT campaign, part, sum(pledge_lines.total_cents)::bigint AS campaign_add_ons
            FROM pledge_lines
            JOIN counted USING (pledge_id)
            WHERE kind = 'add_on'
              AND counts_toward_goal
            GROUP BY campaign, part
        ), sums AS (
            SELECT campaign, part, count(*) AS pledges,
                sum(goal_cents)::bigint AS goal,
                sum(subtotal_cents)::bigint AS subtotal,
                sum(tip_cents)::bigint AS tips,
                sum(tax_cents)::bigint AS tax,
                sum(shipping_cents)::bigint AS shipping,
                sum(total_cents)::bigint AS total,
                sum(returned_cents)::bigint AS returned,
                sum(goal_returned(goal_cents, total_cents, returned_cents))::bigint
                    AS goal_returned,
                coalesce(sum(dispute_fee), 0)::bigint AS dispute_fees
            FROM counted
            LEFT JOIN moved USING (pledge_id)
            GROUP BY campaign, part
        )
        SELECT campaign, part, pledges, goal, coalesce(campaign_add_ons, 0) AS campaign_add_ons,
            subtotal, tips, tax, shipping, total, returned, goal_returned, known_charges,
            known_fees, expected_charges, expected_fees, dispute_fees
        FROM sums
        JOIN fees USING (campaign, part)
        LEFT JOIN add_ons USING (campaign, part)
        ORDER BY campaign, part
        LIMIT $2
"""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign, its public totals, and how many of its pledges stand."""

    campaign: CampaignSlug
    title: str
    goal_cents: int
    starts_at: datetime
    deadline_at: datetime
    pledged_cents: int
    pledge_count: int
    supporter_count: int
    late_support_cents: int
    made: int
    standing: int
    failed_pledges: int
    failed_cents: int


class CampaignPart(PartSums, frozen=True, kw_only=True):
    """The sums of what a campaign was paid (`charged`), or is promised yet (`open`)."""

    campaign: CampaignSlug
    part: str


class PropertyRow(BreakdownRow, frozen=True, kw_only=True):
    """A row of a breakdown, and of which."""

    name: BreakdownName


async def list_heads(conn: Connection, campaign: CampaignSlug | None) -> list[Head]:
    """Return one campaign, or all of them, those with the latest deadline first."""
    rows = await conn.fetch(
        """
        SELECT campaign, title, goal_cents, starts_at, deadline_at, pledged_cents, pledge_count,
            supporter_count, late_support_cents, made, standing, failed_pledges, failed_cents
        FROM campaign_state
        JOIN campaigns USING (campaign)
        JOIN campaign_totals USING (campaign)
        CROSS JOIN LATERAL (
            SELECT count(*) AS made,
                count(*) FILTER (WHERE status IN ('active', 'charged')) AS standing,
                count(*) FILTER (WHERE status = 'payment_failed') AS failed_pledges,
                coalesce(sum(total_cents) FILTER (WHERE status = 'payment_failed'), 0)::bigint
                    AS failed_cents
            FROM pledges
            WHERE pledges.campaign = campaign_state.campaign
        ) AS counted
        WHERE $1::text IS NULL OR campaign = $1
        ORDER BY deadline_at DESC, campaign
        LIMIT $2
        """,
        campaign,
        CAMPAIGNS_MAX,
    )
    return decode_rows(rows, Head)


async def count_people(conn: Connection) -> int:
    """Return how many people have a pledge that counts, to any campaign."""
    found: int = await conn.fetchval(
        """
        SELECT count(DISTINCT supporter_id)
        FROM pledges
        WHERE status <> 'cancelled'
          AND NOT is_late
        """
    )
    return found


async def sum_parts(conn: Connection, campaign: CampaignSlug | None) -> list[CampaignPart]:
    """Return what was charged and what is open, with the fees of every charge.

    A charge is one supporter's to one campaign, late support one order's. Its fee is known
    when Stripe's books told it; else it is as usual, as `contracts.money.expected_fee` has it.
    """
    rows = await conn.fetch(SUM_PARTS, campaign, 2 * CAMPAIGNS_MAX)
    return decode_rows(rows, CampaignPart)


async def list_properties(conn: Connection, campaign: CampaignSlug) -> list[PropertyRow]:
    """Return pledges by each property, the largest sums first, all beyond the fiftieth as one.

    By status every pledge is counted, by all else those that were not cancelled or released.
    """
    rows = await conn.fetch(
        """
        WITH counted AS MATERIALIZED (
            SELECT pledge_id, status, language, attribution, goal_cents,
                EXISTS (
                    SELECT
                    FROM pledge_lines
                    WHERE pledge_lines.pledge_id = pledges.pledge_id
                      AND is_physical
                ) AS is_physical
            FROM pledges
            WHERE campaign = $1
        ), cut AS (
            SELECT name, coalesce(key, '') AS key, count(*) AS count, sum(goal_cents) AS amount
            FROM counted
            CROSS JOIN LATERAL (VALUES
                ('status', status),
                ('fulfillment', CASE WHEN is_physical THEN 'physical' ELSE 'digital' END),
                ('language', language),
                ('ref', attribution ->> 'ref'),
                ('utm_source', attribution ->> 'utm_source'),
                ('utm_medium', attribution ->> 'utm_medium'),
                ('utm_campaign', attribution ->> 'utm_campaign'),
                ('utm_content', attribution ->> 'utm_content')
            ) AS property (name, key)
            WHERE name = 'status'
               OR status NOT IN ('cancelled', 'released')
            GROUP BY name, coalesce(key, '')
        ), ranked AS (
            SELECT name, key, count, amount,
                row_number() OVER (PARTITION BY name ORDER BY amount DESC, count DESC, key) > $2
                    AS is_rest
            FROM cut
        )
        SELECT name, CASE WHEN is_rest THEN '' ELSE key END AS key,
            sum(count)::bigint AS count, sum(amount)::bigint AS amount, is_rest
        FROM ranked
        GROUP BY 1, 2, is_rest
        ORDER BY name, is_rest, amount DESC, count DESC, key
        LIMIT 500
        """,
        campaign,
        ROWS_SHOWN,
    )
    return decode_rows(rows, PropertyRow)


async def list_referrals(conn: Connection, campaign: CampaignSlug) -> list[BreakdownRow]:
    """Return pledges by the code they came by: first those without one, then the largest."""
    rows = await conn.fetch(
        """
        WITH coded AS (
            SELECT coalesce(attribution ->> 'ref', '') AS key, goal_cents
            FROM pledges
            WHERE campaign = $1
              AND status NOT IN ('cancelled', 'released')
        )
        SELECT key, count(*) AS count, sum(goal_cents)::bigint AS amount
        FROM coded
        GROUP BY key
        ORDER BY (key = '') DESC, sum(goal_cents) DESC, count(*) DESC, key
        LIMIT $2
        """,
        campaign,
        REFERRALS_MAX + 1,
    )
    return decode_rows(rows, BreakdownRow)


async def list_days(conn: Connection, campaign: CampaignSlug, zone: str) -> list[Day]:
    """Return every day of a zone on which what is pledged changed, late support apart.

    A pledge counts on the day it was made, everything else on the day it was written down.
    """
    rows = await conn.fetch(
        """
        WITH line AS (
            SELECT count_delta, goal_delta_cents, (
                CASE entry_type WHEN 'created' THEN created_at ELSE recorded_at END
                    AT TIME ZONE $2
            )::date AS day
            FROM pledges
            JOIN pledge_history USING (pledge_id)
            WHERE campaign = $1
              AND NOT is_late
              AND (count_delta <> 0 OR goal_delta_cents <> 0)
        )
        SELECT day,
            count(*) FILTER (WHERE count_delta > 0) AS made,
            count(*) FILTER (WHERE count_delta < 0) AS cancelled,
            sum(goal_delta_cents)::bigint AS change,
            (sum(sum(goal_delta_cents)) OVER (ORDER BY day))::bigint AS pledged
        FROM line
        GROUP BY day
        ORDER BY day
        LIMIT $3
        """,
        campaign,
        zone,
        DAYS_MAX,
    )
    return decode_rows(rows, Day)
