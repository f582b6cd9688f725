-- I-4: what settlement recorded as paid, Stripe has taken, and the other way round.
-- holds: at rest
SELECT
    CASE
        WHEN charge.charge_id IS NULL THEN 'Stripe took money for a charge nobody knows'
        WHEN charge.status <> 'succeeded'
            THEN format('Stripe took the money, the charge is %s', charge.status)
        WHEN charge.payment_intent_id <> intent.intent_id
            THEN 'the charge points at another PaymentIntent'
        ELSE format('Stripe took %s, the charge is over %s',
            intent.amount_cents, charge.amount_cents)
    END AS what,
    ARRAY[intent.intent_id, intent.charge_id, intent.campaign] AS evidence
FROM stripe_intents AS intent
LEFT JOIN settlement.charges AS charge USING (charge_id)
WHERE intent.status = 'succeeded'
  AND (charge.charge_id IS NULL
       OR charge.status <> 'succeeded'
       OR charge.payment_intent_id <> intent.intent_id
       OR charge.amount_cents <> intent.amount_cents)
UNION ALL
SELECT format('recorded as paid, at Stripe the PaymentIntent is %s',
        coalesce(intent.status, 'not there')),
    ARRAY[charge.charge_id, charge.payment_intent_id, charge.campaign]
FROM settlement.charges AS charge
LEFT JOIN stripe_intents AS intent ON intent.intent_id = charge.payment_intent_id
WHERE charge.status = 'succeeded'
  AND intent.status IS DISTINCT FROM 'succeeded'
