-- I-2: a pledge is the fold of its history, whose versions run from 1 without a gap.
-- holds: always
WITH folded AS (
    SELECT
        pledge_id,
        count(*) AS lines,
        min(version) AS first_version,
        max(version) AS last_version,
        (array_agg(status ORDER BY version DESC))[1] AS status,
        -- A cancellation takes a pledge out of the sums and leaves its fields as they were.
        sum(subtotal_delta_cents) FILTER (WHERE entry_type <> 'cancelled') AS subtotal_cents,
        sum(shipping_delta_cents) FILTER (WHERE entry_type <> 'cancelled') AS shipping_cents,
        sum(tax_delta_cents) FILTER (WHERE entry_type <> 'cancelled') AS tax_cents,
        sum(tip_delta_cents) FILTER (WHERE entry_type <> 'cancelled') AS tip_cents,
        sum(total_delta_cents) FILTER (WHERE entry_type <> 'cancelled') AS total_cents,
        sum(goal_delta_cents) FILTER (WHERE entry_type <> 'cancelled') AS goal_cents,
        sum(total_delta_cents) AS still_counted_cents
    FROM pledges.pledge_history
    GROUP BY pledge_id
),
compared AS (
    SELECT pledge.pledge_id, pledge.campaign, told.field, told.now, told.folded
    FROM pledges.pledges AS pledge
    LEFT JOIN folded USING (pledge_id)
    CROSS JOIN LATERAL (VALUES
        ('lines', pledge.revision::text, folded.lines::text),
        ('first version', '1', folded.first_version::text),
        ('last version', pledge.revision::text, folded.last_version::text),
        ('status', pledge.status, folded.status),
        ('subtotal', pledge.subtotal_cents::text, folded.subtotal_cents::text),
        ('shipping', pledge.shipping_cents::text, folded.shipping_cents::text),
        ('tax', pledge.tax_cents::text, folded.tax_cents::text),
        ('tip', pledge.tip_cents::text, folded.tip_cents::text),
        ('total', pledge.total_cents::text, folded.total_cents::text),
        ('goal', pledge.goal_cents::text, folded.goal_cents::text),
        ('counted',
            CASE pledge.status WHEN 'cancelled' THEN '0' ELSE pledge.total_cents::text END,
            folded.still_counted_cents::text)
    ) AS told (field, now, folded)
),
selections AS (
    SELECT DISTINCT ON (pledge_id) pledge_id, lines
    FROM pledges.pledge_history
    WHERE lines IS NOT NULL
    ORDER BY pledge_id, version DESC
),
cards AS (
    SELECT DISTINCT ON (pledge_id) pledge_id, card
    FROM pledges.pledge_history
    WHERE card IS NOT NULL
    ORDER BY pledge_id, version DESC
)
SELECT
    format('%s is %s, its history says %s', field, now, coalesce(folded, 'nothing')) AS what,
    ARRAY[pledge_id, campaign] AS evidence
FROM compared
WHERE now IS DISTINCT FROM folded
UNION ALL
SELECT 'what it contains is not what its history says', ARRAY[pledge_id, campaign]
FROM pledges.pledges
LEFT JOIN selections USING (pledge_id)
WHERE (
    SELECT coalesce(jsonb_agg(jsonb_build_array(
        item_id, variant_id, quantity, unit_cents, line.total_cents, answers)
        ORDER BY line_no), '[]')
    FROM pledges.pledge_lines AS line
    WHERE line.pledge_id = pledges.pledge_id
) IS DISTINCT FROM (
    SELECT coalesce(jsonb_agg(jsonb_build_array(
        line -> 'item_id', line -> 'variant_id', line -> 'quantity', line -> 'unit_cents',
        line -> 'total_cents', coalesce(line -> 'answers', '{}')) ORDER BY position), '[]')
    FROM jsonb_array_elements(selections.lines) WITH ORDINALITY AS told (line, position)
)
UNION ALL
SELECT 'its card is not the last one its history names', ARRAY[pledge_id, campaign]
FROM pledges.pledges
JOIN cards USING (pledge_id)
WHERE pledges.card <> cards.card
