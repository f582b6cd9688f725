-- I-1: history, pledges and totals say the same, figure by figure.
-- holds: always
WITH lines AS (
    SELECT pledge.campaign, pledge.supporter_id, line.*
    FROM pledges.pledges AS pledge
    JOIN pledges.pledge_history AS line USING (pledge_id)
    WHERE NOT is_late
),
late AS (
    SELECT pledge.campaign, pledge.status, pledge.goal_cents, line.collected_delta_cents
    FROM pledges.pledges AS pledge
    JOIN pledges.pledge_history AS line USING (pledge_id)
    WHERE is_late
),
with_returns AS (
    -- What went back takes with it its part of what counts toward the goal, halves up.
    SELECT *, (2 * goal_cents * least(returned_cents, total_cents) + total_cents)
        / (2 * total_cents) AS gone
    FROM pledges.pledges
),
counted AS (
    SELECT *
    FROM with_returns
    WHERE status IN ('active', 'charged', 'payment_failed', 'released')
      AND NOT is_late
),
supporting AS (
    SELECT campaign, supporter_id
    FROM lines
    GROUP BY campaign, supporter_id
    HAVING sum(count_delta) > 0
),
history AS (
    SELECT campaign, figure, sum(value) AS value
    FROM lines
    CROSS JOIN LATERAL (VALUES
        ('pledge_count', count_delta::bigint),
        ('pledged_cents', goal_delta_cents),
        ('subtotal_cents', subtotal_delta_cents),
        ('shipping_cents', shipping_delta_cents),
        ('tax_cents', tax_delta_cents),
        ('tip_cents', tip_delta_cents),
        ('total_cents', total_delta_cents),
        ('collected_cents', collected_delta_cents),
        ('recovering_cents', recovering_delta_cents),
        ('lost_cents', lost_delta_cents),
        ('returned_cents', returned_delta_cents)
    ) AS told (figure, value)
    GROUP BY campaign, figure
    UNION ALL
    SELECT campaign, 'late_support_cents', sum(collected_delta_cents)
    FROM late
    GROUP BY campaign
    UNION ALL
    SELECT campaign, 'supporter_count', count(*)
    FROM supporting
    GROUP BY campaign
    UNION ALL
    SELECT campaign, 'tier ' || item.key, sum(item.value::bigint)
    FROM lines CROSS JOIN LATERAL jsonb_each_text(tier_deltas) AS item
    GROUP BY campaign, item.key
    UNION ALL
    SELECT campaign, 'support item ' || item.key, sum(item.value::bigint)
    FROM lines CROSS JOIN LATERAL jsonb_each_text(support_item_deltas) AS item
    GROUP BY campaign, item.key
),
standing AS (
    SELECT campaign, figure, sum(value) AS value
    FROM counted
    CROSS JOIN LATERAL (VALUES
        ('pledge_count', 1::bigint),
        ('pledged_cents', goal_cents),
        ('subtotal_cents', subtotal_cents),
        ('shipping_cents', shipping_cents),
        ('tax_cents', tax_cents),
        ('tip_cents', tip_cents),
        ('total_cents', total_cents),
        ('collected_cents', CASE status WHEN 'charged' THEN goal_cents - gone ELSE 0 END),
        ('returned_cents', CASE status WHEN 'charged' THEN gone ELSE 0 END),
        ('recovering_cents', CASE
            WHEN status = 'payment_failed' AND lost_at IS NULL THEN goal_cents ELSE 0 END),
        ('lost_cents', CASE WHEN lost_at IS NULL THEN 0 ELSE goal_cents END)
    ) AS told (figure, value)
    GROUP BY campaign, figure
    UNION ALL
    SELECT campaign, 'late_support_cents', sum(goal_cents - gone)
    FROM with_returns
    WHERE is_late AND status = 'charged'
    GROUP BY campaign
    UNION ALL
    SELECT campaign, 'supporter_count', count(DISTINCT supporter_id)
    FROM counted
    GROUP BY campaign
    UNION ALL
    SELECT campaign, 'tier ' || item_id, sum(quantity)
    FROM counted JOIN pledges.pledge_lines USING (pledge_id)
    WHERE kind = 'tier'
    GROUP BY campaign, item_id
    UNION ALL
    SELECT campaign, 'support item ' || item_id, sum(line.total_cents)
    FROM counted JOIN pledges.pledge_lines AS line USING (pledge_id)
    WHERE kind = 'support_item'
    GROUP BY campaign, item_id
),
stored AS (
    SELECT campaign, figure, value
    FROM pledges.campaign_totals
    CROSS JOIN LATERAL (VALUES
        ('pledge_count', pledge_count),
        ('supporter_count', supporter_count),
        ('pledged_cents', pledged_cents),
        ('subtotal_cents', subtotal_cents),
        ('shipping_cents', shipping_cents),
        ('tax_cents', tax_cents),
        ('tip_cents', tip_cents),
        ('total_cents', total_cents),
        ('collected_cents', collected_cents),
        ('recovering_cents', recovering_cents),
        ('lost_cents', lost_cents),
        ('returned_cents', returned_cents),
        ('late_support_cents', late_support_cents)
    ) AS told (figure, value)
    UNION ALL
    SELECT campaign, 'tier ' || item.key, item.value::bigint
    FROM pledges.campaign_totals CROSS JOIN LATERAL jsonb_each_text(tier_counts) AS item
    UNION ALL
    SELECT campaign, 'support item ' || item.key, item.value::bigint
    FROM pledges.campaign_totals
    CROSS JOIN LATERAL jsonb_each_text(support_item_cents) AS item
)
SELECT
    format('%s: history %s, pledges %s, totals %s', figure, coalesce(history.value, 0),
        coalesce(standing.value, 0), coalesce(stored.value, 0)) AS what,
    ARRAY[campaign] AS evidence
FROM history
FULL JOIN standing USING (campaign, figure)
FULL JOIN stored USING (campaign, figure)
WHERE coalesce(history.value, 0) <> coalesce(standing.value, 0)
   OR coalesce(standing.value, 0) <> coalesce(stored.value, 0)
