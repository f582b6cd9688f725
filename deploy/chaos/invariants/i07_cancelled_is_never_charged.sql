-- I-7: no charge and no request for one names a pledge that was cancelled.
-- holds: always
SELECT 'a charge names a cancelled pledge' AS what, ARRAY[pledge_id, charges.charge_id] AS evidence
FROM settlement.charges
CROSS JOIN LATERAL unnest(pledge_ids) AS named (pledge_id)
JOIN pledges.pledges AS pledge USING (pledge_id)
WHERE pledge.status = 'cancelled'
UNION ALL
SELECT 'a charge was asked for a cancelled pledge', ARRAY[pledge_id, request.campaign]
FROM pledges.charge_requests AS request
CROSS JOIN LATERAL unnest(pledge_ids) AS named (pledge_id)
JOIN pledges.pledges AS pledge USING (pledge_id)
WHERE pledge.status = 'cancelled'
