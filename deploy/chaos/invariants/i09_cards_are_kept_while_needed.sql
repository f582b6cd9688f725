-- I-9: a card is kept while a pledge needs it and no longer, and a card update that Stripe
-- completed is saved.
-- holds: at rest
SELECT format('the pledge is %s, and its card is not kept', pledges.status) AS what,
    ARRAY[pledges.pledge_id, pledges.campaign] AS evidence
FROM pledges.pledges
LEFT JOIN checkout.card_uses AS use
    ON use.pledge_id = pledges.pledge_id
    AND use.payment_method_id = pledges.card ->> 'payment_method_id'
    AND use.ended_as IS NULL
WHERE pledges.status IN ('active', 'payment_failed')
  AND pledges.lost_at IS NULL
  AND use.pledge_id IS NULL
UNION ALL
SELECT format('the pledge is %s, and its card is kept for it', pledges.status),
    ARRAY[pledges.pledge_id, pledges.campaign]
FROM pledges.pledges
JOIN checkout.card_uses AS use USING (pledge_id)
WHERE (pledges.status NOT IN ('active', 'payment_failed') OR pledges.lost_at IS NOT NULL)
  AND use.ended_as IS NULL
UNION ALL
SELECT 'detached, and a pledge needs it', ARRAY[gone.payment_method_id, use.pledge_id]
FROM checkout.card_detachments AS gone
JOIN checkout.card_uses AS use USING (payment_method_id)
WHERE gone.detached_at IS NOT NULL
  AND use.ended_as IS NULL
UNION ALL
SELECT format('another card is saved, the update is %s', coalesce(updates.status, 'unknown')),
    ARRAY[session.update_id, session.session_id]
FROM stripe_sessions AS session
LEFT JOIN checkout.card_updates AS updates USING (update_id)
WHERE session.status = 'complete'
  AND session.update_id IS NOT NULL
  AND updates.status IS DISTINCT FROM 'saved'
