-- I-9: a session completed at Stripe is, for each campaign of its cart, a pledge or a refusal
-- with its reason; and there is no pledge without a completed session.
-- holds: at rest
SELECT format('the card is saved, the order is %s', coalesce(orders.status, 'unknown')) AS what,
    ARRAY[session.order_id, session.session_id] AS evidence
FROM stripe_sessions AS session
LEFT JOIN checkout.orders USING (order_id)
WHERE session.status = 'complete'
  AND session.update_id IS NULL
  AND coalesce(orders.status, '') NOT IN ('persisted', 'too_late')
UNION ALL
SELECT format('of %s the cart has a share that is %s, with %s pledges and %s refusals',
        share.campaign, share.state, found.pledges, found.refusals),
    ARRAY[session.order_id, share.campaign]
FROM stripe_sessions AS session
JOIN checkout.order_campaigns AS share USING (order_id)
CROSS JOIN LATERAL (
    SELECT
        (SELECT count(*) FROM pledges.pledges AS pledge
         WHERE pledge.order_id = share.order_id AND pledge.campaign = share.campaign)
            AS pledges,
        (SELECT count(*) FROM pledges.refused_orders AS refused
         WHERE refused.order_id = share.order_id AND refused.campaign = share.campaign)
            AS refusals
) AS found
WHERE session.status = 'complete'
  AND NOT CASE share.state
      WHEN 'persisted' THEN found.pledges = 1 AND found.refusals = 0
      -- Refused by checkout, where the ledger never heard of it, or by the ledger.
      WHEN 'refused' THEN found.pledges = 0 AND found.refusals = share.is_counted::integer
      ELSE false
  END
UNION ALL
SELECT format('a pledge whose session is %s', coalesce(session.status, 'unknown to Stripe')),
    ARRAY[pledge_id, campaign]
FROM pledges.pledges AS pledge
LEFT JOIN stripe_sessions AS session USING (order_id)
WHERE session.status IS DISTINCT FROM 'complete'
UNION ALL
SELECT 'two sessions of one order were completed', ARRAY[order_id] || array_agg(session_id)
FROM stripe_sessions
WHERE status = 'complete'
  AND update_id IS NULL
GROUP BY order_id
HAVING count(*) > 1
