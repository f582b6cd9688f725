-- I-8: at rest the claims are exactly what live pledges contain, and only open orders and
-- proposed revisions reserve.
-- holds: at rest
WITH pledged AS (
    SELECT order_id, campaign,
        -- What does not count toward the goal is the platform's own product.
        CASE WHEN counts_toward_goal THEN campaign ELSE '@platform' END AS shelf,
        kind, item_id, coalesce(variant_id, '') AS variant_id, sum(quantity) AS quantity
    FROM pledges.pledges
    JOIN pledges.pledge_lines USING (pledge_id)
    WHERE kind IN ('tier', 'add_on') AND status <> 'cancelled'
        AND lost_at IS NULL
        -- Of a campaign that was ended early everything is free again.
        AND NOT (status = 'released' AND campaign IN (
            SELECT campaign FROM pledges.campaign_state WHERE is_cancelled
        ))
    GROUP BY order_id, campaign, shelf, kind, item_id, coalesce(variant_id, '')
),
claimed AS (
    SELECT order_id, campaign, shelf, kind, item_id, variant_id, sum(quantity) AS quantity
    FROM checkout.reservations
    WHERE state = 'claimed'
    GROUP BY order_id, campaign, shelf, kind, item_id, variant_id
)
SELECT format('%s claimed, %s pledged', coalesce(claimed.quantity, 0),
        coalesce(pledged.quantity, 0)) AS what,
    ARRAY[order_id, campaign, shelf, item_id, variant_id] AS evidence
FROM pledged
FULL JOIN claimed USING (order_id, campaign, shelf, kind, item_id, variant_id)
WHERE coalesce(claimed.quantity, 0) <> coalesce(pledged.quantity, 0)
UNION ALL
SELECT format('an order that is %s still reserves %s', status, quantity),
    ARRAY[order_id, campaign, shelf, item_id, variant_id]
FROM checkout.reservations
JOIN checkout.orders USING (order_id)
WHERE reservations.state = 'reserved'
  AND reservations.revision = 1
  AND status NOT IN ('opening', 'open')
UNION ALL
SELECT format('revision %s still reserves %s, and nobody proposes it', revision, quantity),
    ARRAY[order_id, campaign, shelf, item_id, variant_id]
FROM checkout.reservations
LEFT JOIN checkout.revisions USING (order_id, campaign, revision, proposal)
WHERE reservations.state = 'reserved'
  AND reservations.revision > 1
  AND revisions.state IS DISTINCT FROM 'held'
