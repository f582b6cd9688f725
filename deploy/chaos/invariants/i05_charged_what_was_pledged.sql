-- I-5: a charge is over the sum of the pledges it pays for, and a pledge is paid for once.
-- holds: at rest
WITH named AS (
    SELECT charge_id, campaign, supporter_id, status, amount_cents, pledge_id
    FROM settlement.charges
    CROSS JOIN LATERAL unnest(pledge_ids) AS named (pledge_id)
)
SELECT format('a charge of %s names pledges of %s', amount_cents,
        coalesce(sum(total_cents), 0)) AS what,
    ARRAY[named.charge_id, campaign] AS evidence
FROM named
LEFT JOIN pledges.pledges USING (pledge_id, campaign, supporter_id)
GROUP BY named.charge_id, campaign, amount_cents
HAVING amount_cents <> coalesce(sum(total_cents), 0)
UNION ALL
SELECT format('the pledge is in %s charges', count(*)), ARRAY[pledge_id] || array_agg(charge_id)
FROM named
GROUP BY pledge_id
HAVING count(*) > 1
UNION ALL
SELECT format('its charge succeeded, the pledge is %s', coalesce(pledge.status, 'gone')),
    ARRAY[named.pledge_id, named.charge_id]
FROM named
LEFT JOIN pledges.pledges AS pledge USING (pledge_id)
WHERE named.status = 'succeeded'
  AND (pledge.status IS DISTINCT FROM 'charged' OR pledge.charge_id <> named.charge_id)
UNION ALL
SELECT 'the pledge is charged by no charge that succeeded', ARRAY[pledge_id, pledge.charge_id]
FROM pledges.pledges AS pledge
LEFT JOIN named USING (pledge_id, charge_id)
WHERE pledge.status = 'charged'
  AND named.status IS DISTINCT FROM 'succeeded'
UNION ALL
SELECT format('its charge was declined, the pledge is %s', pledge.status),
    ARRAY[pledge_id, named.charge_id]
FROM named
JOIN pledges.pledges AS pledge USING (pledge_id)
WHERE named.status IN ('declined', 'with_person', 'ending', 'lost')
  AND (pledge.status <> 'payment_failed'
       OR (pledge.lost_at IS NOT NULL) <> (named.status = 'lost'))
UNION ALL
SELECT 'the charge that the ledger asked for is not there', ARRAY[campaign, supporter_id, purpose]
FROM pledges.charge_requests
LEFT JOIN settlement.charges USING (campaign, supporter_id, purpose)
WHERE charge_id IS NULL
