-- I-23: gross, fee and net agree to the cent, here and in the ledger; what went back is never
-- more than was charged, and the same in both; a campaign that gave everything back kept nothing.
-- holds: at rest
WITH moved AS (
    SELECT charge_id,
        sum(cents) FILTER (WHERE kind = 'gross') AS gross,
        -sum(cents) FILTER (WHERE kind = 'fee') AS fee,
        -sum(cents) FILTER (WHERE kind IN ('refund', 'refund_failed')) AS refunded,
        -sum(cents) FILTER (WHERE kind = 'dispute') AS withdrawn,
        -sum(cents) FILTER (WHERE kind = 'dispute_fee') AS dispute_fee
    FROM pledges.pledge_money
    GROUP BY charge_id
),
given AS (
    SELECT charge_id,
        sum(amount_cents) FILTER (WHERE status IN ('pending', 'succeeded')) AS back,
        sum(amount_cents) FILTER (WHERE status NOT IN ('failed', 'refused')) AS promised
    FROM settlement.refunds
    GROUP BY charge_id
),
taken AS (
    SELECT charge_id, sum(withdrawn_cents) AS withdrawn, sum(dispute_fee_cents) AS fee
    FROM settlement.disputes
    GROUP BY charge_id
),
compared AS (
    SELECT charge.charge_id, charge.campaign, told.figure, told.here, told.ledger
    FROM settlement.charges AS charge
    LEFT JOIN settlement.fees USING (charge_id)
    LEFT JOIN moved USING (charge_id)
    LEFT JOIN given USING (charge_id)
    LEFT JOIN taken USING (charge_id)
    CROSS JOIN LATERAL (VALUES
        ('gross', fees.gross_cents, moved.gross),
        ('fee', fees.fee_cents, moved.fee),
        ('refunded', given.back, moved.refunded),
        ('withdrawn', taken.withdrawn, moved.withdrawn),
        ('dispute fee', taken.fee, moved.dispute_fee)
    ) AS told (figure, here, ledger)
)
SELECT format('%s is %s, in the ledger %s', figure, coalesce(here, 0), coalesce(ledger, 0)) AS what,
    ARRAY[charge_id, campaign] AS evidence
FROM compared
WHERE coalesce(here, 0) <> coalesce(ledger, 0)
UNION ALL
SELECT format('charged %s, Stripe counts %s', amount_cents, gross_cents),
    ARRAY[charge_id, charges.campaign]
FROM settlement.fees
JOIN settlement.charges USING (charge_id)
WHERE gross_cents <> amount_cents
   OR net_cents <> gross_cents - fee_cents
UNION ALL
SELECT format('%s set apart to go back, refunds are over %s of %s', given_cents,
        coalesce(promised, 0), amount_cents), ARRAY[charge_id]
FROM settlement.returns
LEFT JOIN given USING (charge_id)
WHERE given_cents <> coalesce(promised, 0)
   OR given_cents > amount_cents
UNION ALL
SELECT format('%s of it is gone, its movements say %s', returned_cents, coalesce(gone, 0)),
    ARRAY[pledge_id, pledges.campaign]
FROM pledges.pledges
LEFT JOIN (
    SELECT pledge_id, -sum(cents) AS gone
    FROM pledges.pledge_money
    WHERE kind IN ('refund', 'refund_failed', 'dispute')
    GROUP BY pledge_id
) AS movements USING (pledge_id)
WHERE returned_cents <> coalesce(gone, 0)
UNION ALL
SELECT format('all was given back, and this charge is %s with %s of %s back', charge.status,
        coalesce(back, 0), amount_cents), ARRAY[charge.charge_id, charge.campaign]
FROM settlement.campaign_refunds AS run
JOIN settlement.charges AS charge USING (campaign)
LEFT JOIN given USING (charge_id)
WHERE run.ended_at IS NOT NULL
  AND NOT CASE charge.status
      WHEN 'lost' THEN true
      WHEN 'succeeded' THEN coalesce(back, 0) = amount_cents
          OR EXISTS (SELECT FROM settlement.disputes WHERE disputes.charge_id = charge.charge_id)
          OR EXISTS (
              SELECT FROM settlement.refunds
              WHERE refunds.charge_id = charge.charge_id AND status IN ('failed', 'refused')
          )
      ELSE false
  END
UNION ALL
SELECT format('a refund is %s and its number %s', status, number), ARRAY[refund_id, charge_id]
FROM settlement.refunds
WHERE status IN ('new', 'sending')
