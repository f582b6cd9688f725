-- I-8: at rest the claims are exactly what live pledges contain, and only open orders reserve.
-- holds: at rest
WITH pledged AS (
    SELECT order_id, campaign, item_id AS tier_id, sum(quantity) AS quantity
    FROM pledges.pledges
    JOIN pledges.pledge_lines USING (pledge_id)
    WHERE kind = 'tier' AND status <> 'cancelled'
    GROUP BY order_id, campaign, item_id
),
claimed AS (
    SELECT order_id, campaign, tier_id, quantity
    FROM checkout.reservations
    WHERE state = 'claimed'
)
SELECT format('%s claimed, %s pledged', coalesce(claimed.quantity, 0),
        coalesce(pledged.quantity, 0)) AS what,
    ARRAY[order_id, campaign, tier_id] AS evidence
FROM pledged
FULL JOIN claimed USING (order_id, campaign, tier_id)
WHERE coalesce(claimed.quantity, 0) <> coalesce(pledged.quantity, 0)
UNION ALL
SELECT format('an order that is %s still reserves %s', status, quantity),
    ARRAY[order_id, campaign, tier_id]
FROM checkout.reservations
JOIN checkout.orders USING (order_id)
WHERE reservations.state = 'reserved'
  AND status NOT IN ('opening', 'open')
