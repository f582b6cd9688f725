-- I-14: an event exists if and only if its fact committed, each once. A new kind of event is
-- reported here until its fact is named here.
-- holds: always
WITH facts (event_type, subject) AS (
    SELECT 'pledges.created', pledge_id
    FROM pledges.pledges
    UNION ALL
    SELECT 'pledges.cancelled', pledge_id
    FROM pledges.pledge_history
    WHERE entry_type = 'cancelled'
    UNION ALL
    SELECT 'pledges.erased', pledge_id
    FROM pledges.pledge_history
    WHERE entry_type = 'erased'
    UNION ALL
    SELECT 'pledges.modified', pledge_id
    FROM pledges.pledge_history
    WHERE entry_type = 'modified'
    UNION ALL
    SELECT 'pledges.revision_abandoned', pledge_id || ':' || revision || ':' || proposal
    FROM pledges.proposals
    WHERE announced_at IS NOT NULL
    UNION ALL
    SELECT 'pledges.links_renewed', 'links:' || supporter_id || ':' || generation
    FROM pledges.link_requests
    WHERE state = 'sent'
    UNION ALL
    SELECT 'pledges.card_changed', pledge_id
    FROM pledges.pledge_history
    WHERE entry_type = 'card_changed'
    UNION ALL
    SELECT 'pledges.refused', pledge_id
    FROM pledges.refused_orders
    UNION ALL
    SELECT 'pledges.closed', campaign
    FROM pledges.campaign_state
    WHERE state = 'closed'
    UNION ALL
    SELECT 'pledges.charge_requested', campaign || ':' || supporter_id
        || CASE purpose WHEN 'settlement' THEN '' ELSE ':' || purpose END
    FROM pledges.charge_requests
    WHERE announced_at IS NOT NULL
    UNION ALL
    SELECT 'pledges.released', campaign || ':' || supporter_id
    FROM pledges.releases
    WHERE announced_at IS NOT NULL
    UNION ALL
    SELECT 'pledges.' || entry_type, subject
    FROM (
        SELECT DISTINCT entry_type, campaign || ':' || supporter_id AS subject, cause
        FROM pledges.pledge_history
        JOIN pledges.pledges USING (pledge_id)
        WHERE entry_type IN ('charged', 'charge_failed', 'lost')
    ) AS outcomes
    UNION ALL
    SELECT 'pledges.totals_changed', campaign || ':' || number
    FROM pledges.campaign_totals
    CROSS JOIN LATERAL generate_series(1, version) AS number
    UNION ALL
    SELECT DISTINCT 'checkout.completed', order_id
    FROM checkout.order_campaigns
    WHERE is_counted
    UNION ALL
    SELECT 'checkout.refused', order_id
    FROM checkout.order_campaigns
    WHERE state = 'refused' AND NOT is_counted
    UNION ALL
    SELECT 'checkout.card_saved', 'card:' || pledge_id || ':' || number
    FROM checkout.card_versions
    CROSS JOIN LATERAL generate_series(1, version) AS number
    UNION ALL
    SELECT 'checkout.card_notice_due', concat_ws(':', 'notice', campaign, supporter_id, days_left)
    FROM checkout.card_notices
    UNION ALL
    SELECT 'checkout.stripe_event_received', event_id
    FROM checkout.stripe_events
    WHERE outcome = 'passed_on'
    UNION ALL
    SELECT 'checkout.drained', 'drain:' || slug
    FROM checkout.campaigns
    WHERE drained_at IS NOT NULL
    UNION ALL
    SELECT CASE shelf WHEN '@platform' THEN 'checkout.add_on_stock_changed'
                      ELSE 'checkout.stock_changed' END, 'stock:' || shelf || ':' || number
    FROM checkout.stock_versions
    CROSS JOIN LATERAL generate_series(1, version) AS number
    UNION ALL
    SELECT CASE kind WHEN 'start' THEN 'settlement.went_live'
                     ELSE 'settlement.deadline_passed' END, campaign
    FROM settlement.timers
    WHERE fired_at IS NOT NULL
    UNION ALL
    SELECT 'settlement.charge_succeeded', charge_id
    FROM settlement.charges
    WHERE status = 'succeeded'
    UNION ALL
    SELECT 'settlement.charge_declined', charge_id
    FROM settlement.charge_attempts
    WHERE state = 'declined'
    UNION ALL
    SELECT 'settlement.charge_lost', charge_id
    FROM settlement.charges
    WHERE status = 'lost'
    UNION ALL
    SELECT 'settlement.recovery_reminder_due', charge_id
    FROM settlement.charges
    CROSS JOIN LATERAL generate_series(1, reminders)
    UNION ALL
    SELECT 'settlement.fees_known', 'fees:' || charge_id
    FROM settlement.fees
    UNION ALL
    SELECT 'settlement.refunded', 'refund:' || refund_id
    FROM settlement.refunds
    CROSS JOIN LATERAL generate_series(1, version)
    UNION ALL
    SELECT 'settlement.disputed', 'dispute:' || dispute_id
    FROM settlement.disputes
    CROSS JOIN LATERAL generate_series(1, version)
    UNION ALL
    SELECT 'settlement.charge_notice_due', concat_ws(':', 'notice', campaign, supporter_id, moment)
    FROM settlement.charge_notices
    WHERE is_told
    UNION ALL
    SELECT 'pledges.refunded', 'refund:' || split_part(cause, ':', 2)
    FROM (
        SELECT DISTINCT cause
        FROM pledges.pledge_history
        WHERE entry_type IN ('refunded', 'refund_failed')
    ) AS given
    UNION ALL
    SELECT 'campaigns.cancelled', 'cancelled:' || slug
    FROM site.campaign_figures
    WHERE cancelled_at IS NOT NULL
    UNION ALL
    SELECT 'settlement.settled', campaign
    FROM settlement.settlements
    UNION ALL
    SELECT 'campaigns.published', 'campaign:' || slug || ':' || version
    FROM site.campaign_versions
    UNION ALL
    SELECT 'campaigns.platform_published', 'platform:' || version
    FROM site.platform_versions
    UNION ALL
    SELECT 'admin.sign_in_asked', 'sign_in:' || encode(token_sha256, 'hex')
    FROM site.admin_sign_ins
    UNION ALL
    SELECT 'admin.preview_shared', 'preview:' || encode(token_sha256, 'hex')
    FROM site.campaign_previews
    -- A day later whom it went to is forgotten, and so is the event.
    WHERE for_reviewer
      AND (made_at > clock_timestamp() - interval '24 hours'
           OR EXISTS (
               SELECT
               FROM every_outbox
               WHERE event_type = 'admin.preview_shared'
                 AND aggregate_id = 'preview:' || encode(token_sha256, 'hex')
           ))
    UNION ALL
    -- Each change of what somebody may do counts; those of before the column are not told.
    SELECT 'admin.runner_changed', 'user:' || user_id || ':' || number
    FROM site.admin_users
    CROSS JOIN LATERAL generate_series(1, version) AS number
),
events (event_type, subject) AS (
    SELECT event_type,
        CASE WHEN event_type IN ('pledges.totals_changed', 'checkout.stock_changed',
                'checkout.add_on_stock_changed', 'checkout.card_saved', 'campaigns.published',
                'campaigns.platform_published', 'pledges.links_renewed',
                'admin.runner_changed')
             THEN aggregate_id || ':' || aggregate_version
             ELSE aggregate_id
        END
    FROM every_outbox
    -- A wake-up is no fact: a charge gets as many as it needs.
    -- Whether a reminder still has somebody to remind, the ledger decides when it hears of it.
    WHERE event_type NOT IN ('charges.due', 'pledges.recovery_reminded')
)
SELECT format('%s: %s facts, %s events', event_type, coalesce(facts, 0),
        coalesce(events, 0)) AS what,
    ARRAY[subject] AS evidence
FROM (SELECT event_type, subject, count(*) AS facts FROM facts GROUP BY 1, 2) AS facts
FULL JOIN (SELECT event_type, subject, count(*) AS events FROM events GROUP BY 1, 2) AS events
    USING (event_type, subject)
WHERE coalesce(facts, 0) <> coalesce(events, 0)
