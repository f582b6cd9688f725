-- I-10: an order is persisted, which is when the browser says "success", only if every
-- campaign of it that was not refused is a pledge.
-- holds: always
SELECT format('told as persisted, %s of %s is %s', share.campaign, order_id, share.state) AS what,
    ARRAY[order_id, share.campaign] AS evidence
FROM checkout.orders
JOIN checkout.order_campaigns AS share USING (order_id)
WHERE orders.status = 'persisted'
  AND share.state NOT IN ('persisted', 'refused')
UNION ALL
SELECT 'told as persisted, and there is no pledge', ARRAY[order_id, share.campaign]
FROM checkout.order_campaigns AS share
LEFT JOIN pledges.pledges AS pledge USING (order_id, campaign)
WHERE share.state = 'persisted'
  AND pledge.pledge_id IS NULL
