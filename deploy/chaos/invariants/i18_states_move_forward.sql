-- I-18: states only move forward, and the database refuses the way back.
-- holds: always
WITH steps AS (
    SELECT pledge_id, version, entry_type, status AS next_status,
        lag(status) OVER (PARTITION BY pledge_id ORDER BY version) AS status
    FROM pledges.pledge_history
),
in_flight AS (
    SELECT charge_id,
        count(*) FILTER (WHERE state IN ('sending', 'unknown')) AS open,
        count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
        (array_agg(state ORDER BY attempt DESC))[1] AS last_state
    FROM settlement.charge_attempts
    GROUP BY charge_id
)
SELECT format('from %s to %s', coalesce(status, 'nothing'), next_status) AS what,
    ARRAY[pledge_id, 'version ' || version] AS evidence
FROM steps
WHERE NOT CASE
    WHEN status IS NULL THEN next_status = 'active'
    -- Whoever is forgotten leaves a pledge as it was.
    WHEN entry_type = 'erased' THEN next_status = status
    WHEN status = 'active'
        THEN next_status IN ('active', 'cancelled', 'charged', 'payment_failed', 'released')
    WHEN status = 'payment_failed' THEN next_status IN ('payment_failed', 'charged')
    -- What goes back, or comes to us again, leaves it charged.
    WHEN status = 'charged' THEN next_status = 'charged'
    ELSE false
END
UNION ALL
SELECT format('the charge is %s, its last attempt %s, %s open and %s succeeded', status,
        coalesce(last_state, 'not there'), coalesce(open, 0), coalesce(succeeded, 0)),
    ARRAY[charge_id]
FROM settlement.charges
LEFT JOIN in_flight USING (charge_id)
WHERE NOT CASE status
    WHEN 'new' THEN coalesce(open, 0) = 0 AND coalesce(succeeded, 0) = 0
    WHEN 'sending' THEN last_state = 'sending' AND open = 1 AND succeeded = 0
    WHEN 'unknown' THEN last_state = 'unknown' AND open = 1 AND succeeded = 0
    WHEN 'with_person' THEN last_state = 'unknown' AND open = 1 AND succeeded = 0
    WHEN 'declined' THEN last_state IN ('declined', 'abandoned') AND open = 0 AND succeeded = 0
    -- What a campaign that gives its money back had not begun to charge, has no attempt.
    WHEN 'ending' THEN coalesce(last_state, 'abandoned') IN ('declined', 'abandoned')
        AND coalesce(open, 0) = 0 AND coalesce(succeeded, 0) = 0
    WHEN 'lost' THEN coalesce(last_state, 'abandoned') IN ('declined', 'abandoned')
        AND coalesce(open, 0) = 0 AND coalesce(succeeded, 0) = 0
    WHEN 'succeeded' THEN last_state = 'succeeded' AND open = 0 AND succeeded = 1
END
UNION ALL
SELECT 'the trigger that refuses the way back is gone', ARRAY[wanted.relation, wanted.name]
FROM (VALUES
    ('pledges.pledges', 'pledge_moves_forward'),
    ('pledges.pledges', 'price_moves_with_its_line'),
    ('pledges.proposals', 'proposal_is_decided_once'),
    ('pledges.pledge_history', 'history_is_append_only'),
    ('pledges.pledge_history', 'history_is_never_deleted'),
    ('pledges.pledge_history', 'history_is_sealed'),
    ('pledges.campaign_state', 'campaign_state_moves_forward'),
    ('checkout.orders', 'orders_only_go_forward'),
    ('settlement.charges', 'charges_move_forward'),
    ('settlement.refunds', 'refunds_move_forward'),
    ('settlement.fees', 'fees_are_append_only'),
    ('pledges.pledge_money', 'money_is_append_only')
) AS wanted (relation, name)
WHERE NOT EXISTS (
    SELECT
    FROM pg_trigger
    WHERE tgrelid = wanted.relation::regclass AND tgname = wanted.name AND tgenabled = 'O'
)
