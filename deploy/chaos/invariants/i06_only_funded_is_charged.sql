-- I-6: a charge exists only for a campaign that closed funded; funded means that the final
-- count reached the goal.
-- holds: always
SELECT format('charged, and the campaign is %s', CASE
        WHEN campaign_state.state IS NULL THEN 'unknown'
        WHEN campaign_state.state <> 'closed' THEN campaign_state.state
        ELSE 'not funded'
    END) AS what,
    ARRAY[campaign, charge_id] AS evidence
FROM settlement.charges
LEFT JOIN pledges.campaign_state USING (campaign)
WHERE campaign_state.is_funded IS NOT TRUE
UNION ALL
SELECT 'Stripe was asked for money of a campaign that is not funded', ARRAY[campaign, intent_id]
FROM stripe_intents
LEFT JOIN pledges.campaign_state USING (campaign)
WHERE campaign_state.is_funded IS NOT TRUE
UNION ALL
SELECT format('funded is %s with %s of %s', is_funded, final_pledged_cents, goal_cents),
    ARRAY[campaign]
FROM pledges.campaign_state
WHERE is_funded
    <> (NOT is_cancelled AND goal_cents > 0 AND final_pledged_cents >= goal_cents)
UNION ALL
SELECT format('the final count is %s, the history says %s', final_pledged_cents,
        coalesce(sum(goal_delta_cents), 0)),
    ARRAY[campaign]
FROM pledges.campaign_state
LEFT JOIN (SELECT pledge_id, campaign FROM pledges.pledges WHERE NOT is_late) AS counted
    USING (campaign)
LEFT JOIN pledges.pledge_history USING (pledge_id)
WHERE campaign_state.state = 'closed'
GROUP BY campaign, final_pledged_cents
HAVING final_pledged_cents <> coalesce(sum(goal_delta_cents), 0)
UNION ALL
SELECT 'settlement heard another close than the ledger wrote', ARRAY[campaign]
FROM settlement.closings
LEFT JOIN pledges.campaign_state USING (campaign)
WHERE (closings.is_funded, closings.pledged_cents, closings.closed_at)
    IS DISTINCT FROM
    (campaign_state.is_funded, campaign_state.final_pledged_cents, campaign_state.closed_at)
UNION ALL
SELECT format('somebody is %s in a campaign that is %s', pledge.status,
        CASE WHEN campaign_state.is_funded THEN 'funded' ELSE 'not funded' END),
    ARRAY[campaign, pledge_id]
FROM pledges.pledges AS pledge
JOIN pledges.campaign_state USING (campaign)
WHERE campaign_state.state = 'closed'
  AND pledge.status IN ('active', 'charged', 'payment_failed', 'released')
  AND (pledge.status = 'released') = campaign_state.is_funded
