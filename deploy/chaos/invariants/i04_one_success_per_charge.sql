-- I-4: at most one success per (campaign, supporter, purpose), here and at Stripe.
-- holds: always
SELECT format('charged %s times', count(*)) AS what,
    ARRAY[campaign, supporter_id, purpose] || array_agg(charge_id) AS evidence
FROM settlement.charges
WHERE status = 'succeeded'
GROUP BY campaign, supporter_id, purpose
HAVING count(*) > 1
UNION ALL
SELECT format('%s PaymentIntents of one charge succeeded', count(*)),
    array_agg(intent_id) || ARRAY[charge_id]
FROM stripe_intents
WHERE status = 'succeeded'
GROUP BY charge_id
HAVING count(*) > 1
UNION ALL
SELECT format('one customer paid %s times', count(*)),
    ARRAY[campaign, customer_id, purpose] || array_agg(intent_id)
FROM stripe_intents
WHERE status = 'succeeded'
GROUP BY campaign, customer_id, purpose
HAVING count(*) > 1
