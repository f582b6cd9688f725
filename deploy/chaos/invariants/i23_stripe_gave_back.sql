-- I-23: what Stripe gave back of our payments is what we recorded, refund by refund.
-- holds: at rest
SELECT CASE
        WHEN ours.refund_id IS NULL THEN format('Stripe gave back %s, nobody knows', theirs.cents)
        WHEN theirs.refund_id IS NULL THEN 'recorded as given back, Stripe has no such refund'
        ELSE format('Stripe has %s %s, we have %s %s', theirs.cents, theirs.status,
            ours.amount_cents, ours.status)
    END AS what,
    ARRAY[ours.refund_id, theirs.refund_id, ours.charge_id] AS evidence
FROM (SELECT * FROM settlement.refunds WHERE stripe_refund_id IS NOT NULL) AS ours
FULL JOIN (
    SELECT stripe_refunds.*
    FROM stripe_refunds
    JOIN stripe_intents USING (intent_id)
    WHERE charge_id IS NOT NULL
) AS theirs ON theirs.refund_id = ours.stripe_refund_id
WHERE ours.refund_id IS NULL
   OR theirs.refund_id IS NULL
   OR (ours.amount_cents, ours.status) <> (theirs.cents, theirs.status)
