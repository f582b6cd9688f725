-- I-11: what a mail says that somebody pledged, is charged or gets back is what the books say,
-- to the cent.
-- holds: at rest
WITH said AS (
    SELECT mail_id, kind, cause, (facts #>> '{sums,total_cents}')::bigint AS cents,
        CASE
            WHEN kind IN ('pledge_confirmed', 'pledge_modified') THEN (
                SELECT sum(total_delta_cents)
                FROM pledges.pledge_history
                WHERE pledge_id = split_part(mails.cause, ':', 1)
                  AND version <= split_part(mails.cause, ':', 2)::integer
            )
            WHEN kind = 'pledge_cancelled' THEN (
                SELECT -min(total_delta_cents)
                FROM pledges.pledge_history
                WHERE pledge_id = mails.cause AND entry_type = 'cancelled'
            )
            ELSE (
                SELECT max(amount_cents)
                FROM settlement.charges
                WHERE split_part(mails.cause, ':', 1) = ANY(pledge_ids)
            )
        END AS booked
    FROM notify.mails
    WHERE kind IN ('pledge_confirmed', 'pledge_modified', 'pledge_cancelled', 'payment_confirmed',
                   'payment_failed', 'payment_unconfirmed', 'payment_lost')
    UNION ALL
    SELECT mail_id, kind, cause, (facts ->> 'refund_cents')::bigint, (
        SELECT max(amount_cents)
        FROM settlement.refunds
        WHERE refund_id = mails.cause
    )
    FROM notify.mails
    WHERE kind IN ('refunded', 'refund_failed')
)
SELECT format('%s says %s, the books say %s', kind, cents, booked) AS what,
    ARRAY[mail_id, cause] AS evidence
FROM said
-- Who was forgotten has a mail that says nothing any more.
WHERE cents IS NOT NULL
  AND cents IS DISTINCT FROM booked
