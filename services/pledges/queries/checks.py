"""Two of the three independent sums, and every pledge that is not what its history says."""

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, decode_rows
from services.pledges.domain.figures import Difference, Figures

FOLDS_MAX = 100
LONG_SECONDS = 60.0
"""Sums over a very large campaign may take longer than a request may."""


SUM_PLEDGES = """
        WITH counted AS (
            SELECT pledge_id, supporter_id, status, goal_cents, subtotal_cents, shipping_cents,
                tax_cents, tip_cents, total_cents, returned_cents, lost_at
            FROM pledges
            WHERE campaign = $1
              AND NOT is_late
              AND status IN ('active', 'charged', 'payment_failed', 'released')
        ), tier AS (
            SELECT item_id, sum(quantity) AS quantity
            FROM counted JOIN pledge_lines USING (pledge_id)
            WHERE kind = 'tier'
            GROUP BY item_id
        ), item AS (
            SELECT item_id, sum(pledge_lines.total_cents) AS cents
            FROM counted JOIN pledge_lines USING (pledge_id)
            WHERE kind = 'support_item'
            GROUP BY item_id
        )
        SELECT
            count(*) AS pledge_count,
            count(DISTINCT supporter_id) AS supporter_count,
            coalesce(sum(goal_cents), 0)::bigint AS pledged_cents,
            coalesce(sum(subtotal_cents), 0)::bigint AS subtotal_cents,
            coalesce(sum(shipping_cents), 0)::bigint AS shipping_cents,
            coalesce(sum(tax_cents), 0)::bigint AS tax_cents,
            coalesce(sum(tip_cents), 0)::bigint AS tip_cents,
            coalesce(sum(total_cents), 0)::bigint AS total_cents,
            coalesce(sum(goal_cents - goal_returned(goal_cents, total_cents, returned_cents))
                FILTER (WHERE status = 'charged'), 0)::bigint
                AS collected_cents,
            coalesce(sum(goal_returned(goal_cents, total_cents, returned_cents))
                FILTER (WHERE status = 'charged'), 0)::bigint
                AS returned_cents,
            coalesce(sum(goal_cents) FILTER (
                WHERE status = 'payment_failed' AND lost_at IS NULL), 0)::bigint
                AS recovering_cents,
            coalesce(sum(goal_cents) FILTER (WHERE lost_at IS NOT NULL), 0)::bigint
                AS lost_cents,
            (SELECT coalesce(
                    sum(goal_cents - goal_returned(goal_cents, total_cents, returned_cents)),
                    0)::bigint
                FROM pledges
                WHERE campaign = $1 AND is_late AND status = 'charged') AS late_support_cents,
            (SELECT coalesce(jsonb_object_agg(item_id, quantity), '{}') FROM tier)
                AS tier_counts,
            (SELECT coalesce(jsonb_object_agg(item_id, cents), '{}') FROM item)
                AS support_item_cents
        FROM counted
"""


async def freeze(conn: Connection) -> None:
    """Let every statement of this transaction see one and the same moment."""
    await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


async def allow_long_statements(conn: Connection) -> None:
    """Give the rest of this transaction a time budget for whole campaigns."""
    await conn.execute(f"SET LOCAL statement_timeout = '{int(LONG_SECONDS)}s'")


async def sum_history(conn: Connection, campaign: CampaignSlug) -> Figures:
    """Return the sum of all deltas ever recorded for a campaign, late support apart."""
    rows = await conn.fetch(
        """
        WITH every_line AS (
            SELECT is_late, supporter_id, count_delta, goal_delta_cents, subtotal_delta_cents,
                shipping_delta_cents, tax_delta_cents, tip_delta_cents, total_delta_cents,
                collected_delta_cents, recovering_delta_cents, lost_delta_cents,
                returned_delta_cents, tier_deltas, support_item_deltas
            FROM pledges JOIN pledge_history USING (pledge_id)
            WHERE campaign = $1
        ), line AS (
            SELECT * FROM every_line WHERE NOT is_late
        ), supporting AS (
            SELECT supporter_id
            FROM line
            GROUP BY supporter_id
            HAVING sum(count_delta) > 0
        ), tier AS (
            SELECT key, sum(value::bigint) AS quantity
            FROM line CROSS JOIN LATERAL jsonb_each_text(tier_deltas)
            GROUP BY key HAVING sum(value::bigint) <> 0
        ), item AS (
            SELECT key, sum(value::bigint) AS cents
            FROM line CROSS JOIN LATERAL jsonb_each_text(support_item_deltas)
            GROUP BY key HAVING sum(value::bigint) <> 0
        )
        SELECT
            coalesce(sum(count_delta), 0)::bigint AS pledge_count,
            (SELECT count(*) FROM supporting) AS supporter_count,
            coalesce(sum(goal_delta_cents), 0)::bigint AS pledged_cents,
            coalesce(sum(subtotal_delta_cents), 0)::bigint AS subtotal_cents,
            coalesce(sum(shipping_delta_cents), 0)::bigint AS shipping_cents,
            coalesce(sum(tax_delta_cents), 0)::bigint AS tax_cents,
            coalesce(sum(tip_delta_cents), 0)::bigint AS tip_cents,
            coalesce(sum(total_delta_cents), 0)::bigint AS total_cents,
            coalesce(sum(collected_delta_cents), 0)::bigint AS collected_cents,
            coalesce(sum(recovering_delta_cents), 0)::bigint AS recovering_cents,
            coalesce(sum(lost_delta_cents), 0)::bigint AS lost_cents,
            coalesce(sum(returned_delta_cents), 0)::bigint AS returned_cents,
            (SELECT coalesce(sum(collected_delta_cents), 0)::bigint
                FROM every_line WHERE is_late) AS late_support_cents,
            (SELECT coalesce(jsonb_object_agg(key, quantity), '{}') FROM tier) AS tier_counts,
            (SELECT coalesce(jsonb_object_agg(key, cents), '{}') FROM item) AS support_item_cents
        FROM line
        """,
        campaign,
        timeout=LONG_SECONDS,
    )
    return decode_rows(rows, Figures)[0]


async def sum_pledges(conn: Connection, campaign: CampaignSlug) -> Figures:
    """Return the sum of all pledges that count, as they stand."""
    rows = await conn.fetch(
        SUM_PLEDGES,
        campaign,
        timeout=LONG_SECONDS,
    )
    return decode_rows(rows, Figures)[0]


async def list_unfolded(conn: Connection, campaign: CampaignSlug) -> list[Difference]:
    """Return pledges whose fields are not the fold of their history, both told in words.

    A cancellation leaves a pledge's fields: they are the fold of the lines before it.
    """
    rows = await conn.fetch(
        """
        WITH folded AS (
            SELECT pledge_id, format('%s of %s lines, %s, %s + %s + %s + %s = %s, %s: %s',
                count(*), max(version), (array_agg(h.status ORDER BY version DESC))[1],
                sum(subtotal_delta_cents) FILTER (WHERE entry_type <> 'cancelled'),
                sum(shipping_delta_cents) FILTER (WHERE entry_type <> 'cancelled'),
                sum(tax_delta_cents) FILTER (WHERE entry_type <> 'cancelled'),
                sum(tip_delta_cents) FILTER (WHERE entry_type <> 'cancelled'),
                sum(total_delta_cents) FILTER (WHERE entry_type <> 'cancelled'),
                sum(goal_delta_cents) FILTER (WHERE entry_type <> 'cancelled'),
                (array_agg(selection.told ORDER BY version DESC)
                    FILTER (WHERE h.lines IS NOT NULL))[1]) AS told
            FROM pledges JOIN pledge_history AS h USING (pledge_id)
            LEFT JOIN LATERAL (
                SELECT string_agg(concat_ws(' ', line ->> 'item_id', line ->> 'variant_id',
                    line ->> 'quantity', line ->> 'total_cents'), ', ' ORDER BY line_no) AS told
                FROM jsonb_array_elements(h.lines) WITH ORDINALITY AS each (line, line_no)
            ) AS selection ON true
            WHERE campaign = $1
            GROUP BY pledge_id
        ), standing AS (
            SELECT pledge_id, format('%s of %s lines, %s, %s + %s + %s + %s = %s, %s: %s',
                revision, revision, status, subtotal_cents, shipping_cents, tax_cents,
                tip_cents, total_cents, goal_cents, (
                    SELECT string_agg(concat_ws(' ', item_id, variant_id, quantity,
                        pledge_lines.total_cents), ', ' ORDER BY line_no)
                    FROM pledge_lines
                    WHERE pledge_lines.pledge_id = pledges.pledge_id
                )) AS told
            FROM pledges
            WHERE campaign = $1
        )
        SELECT pledge_id AS what, folded.told AS history, standing.told AS pledges
        FROM standing
        LEFT JOIN folded USING (pledge_id)
        WHERE folded.told IS DISTINCT FROM standing.told
        ORDER BY pledge_id
        LIMIT $2
        """,
        campaign,
        FOLDS_MAX,
        timeout=LONG_SECONDS,
    )
    return decode_rows(rows, Difference)


async def list_altered(conn: Connection, campaign: CampaignSlug) -> list[Difference]:
    """Return every line of history that is missing or does not fit its seal, by its name."""
    rows = await conn.fetch(
        """
        SELECT format('%s line %s', pledges.pledge_id, expected) AS what,
            CASE WHEN line.version IS NULL THEN 'missing' ELSE 'altered' END AS history,
            CASE WHEN line.version IS NULL THEN 'counted on' ELSE 'sealed otherwise' END AS pledges
        FROM pledges
        CROSS JOIN generate_series(1, revision) AS expected
        LEFT JOIN pledge_history AS line
            ON line.pledge_id = pledges.pledge_id AND line.version = expected
        WHERE campaign = $1
          AND (line.version IS NULL OR line.seal <> history_seal(line))
        ORDER BY pledges.pledge_id, expected
        LIMIT $2
        """,
        campaign,
        FOLDS_MAX,
        timeout=LONG_SECONDS,
    )
    return decode_rows(rows, Difference)
