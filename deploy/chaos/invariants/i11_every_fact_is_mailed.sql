-- I-11: every pledge, cancellation, charge, decline, release, refusal, refund and notice has
-- exactly one mail, and there is no mail without its fact.
-- holds: at rest
WITH due AS (
    SELECT 'pledge_confirmed' AS kind, pledge_id || ':1' AS cause, campaign, email, 1 AS mails
    FROM pledges.pledges
    WHERE status <> 'cancelled'
    UNION ALL
    SELECT 'pledge_modified', pledge_id || ':' || version, campaign, email, 1
    FROM pledges.pledge_history
    JOIN pledges.pledges USING (pledge_id)
    WHERE entry_type = 'modified'
    UNION ALL
    -- In whose name it is written is the newest pledge's: of several campaigns any.
    SELECT 'your_links', supporter_id || ':' || generation, NULL, supporters.email, 1
    FROM pledges.link_requests
    JOIN pledges.supporters USING (supporter_id)
    WHERE state = 'sent'
    UNION ALL
    SELECT 'pledge_cancelled', pledge_id, campaign, email, 1
    FROM pledges.pledges
    WHERE status = 'cancelled'
    UNION ALL
    SELECT 'payment_confirmed', min(pledge_id COLLATE "C"), campaign, max(email), 1
    FROM pledges.pledge_history
    JOIN pledges.pledges USING (pledge_id)
    WHERE entry_type = 'charged'
    GROUP BY campaign, pledge_history.charge_id
    UNION ALL
    -- A decline that is not quiet, and each reminder. What is quiet is in the event alone.
    SELECT 'payment_failed', told.pledge_id, pledge.campaign, pledge.email, count(*)
    FROM (
        SELECT (
            SELECT min(named.value COLLATE "C")
            FROM jsonb_array_elements_text(body #> '{notice,pledge_ids}') AS named (value)
        ) AS pledge_id
        FROM (
            SELECT convert_from(payload, 'UTF8')::jsonb AS body
            FROM pledges.outbox
            WHERE event_type IN ('pledges.charge_failed', 'pledges.recovery_reminded')
        ) AS events
        WHERE body ->> 'is_quiet' IS DISTINCT FROM 'true'
    ) AS told
    JOIN pledges.pledges AS pledge USING (pledge_id)
    GROUP BY told.pledge_id, pledge.campaign, pledge.email
    UNION ALL
    SELECT 'payment_lost', min(pledge_id COLLATE "C"), campaign, max(email), 1
    FROM pledges.pledge_history
    JOIN pledges.pledges USING (pledge_id)
    WHERE entry_type = 'lost'
    GROUP BY campaign, pledge_history.charge_id
    UNION ALL
    SELECT CASE WHEN is_cancelled THEN 'campaign_ended' ELSE 'not_funded' END,
        campaign || ':' || supporter_id, campaign, supporters.email, 1
    FROM pledges.releases
    JOIN pledges.campaign_state USING (campaign)
    JOIN pledges.supporters USING (supporter_id)
    UNION ALL
    SELECT entry_type, split_part(history.cause, ':', 2), campaign, max(email), 1
    FROM pledges.pledge_history AS history
    JOIN pledges.pledges USING (pledge_id)
    WHERE entry_type IN ('refunded', 'refund_failed')
      -- Whoever was erased before has no address that it could go to.
      AND NOT EXISTS (
          SELECT
          FROM pledges.pledge_history AS gone
          WHERE gone.pledge_id = history.pledge_id
            AND gone.entry_type = 'erased'
            AND gone.version < history.version
      )
    GROUP BY entry_type, history.cause, campaign
    UNION ALL
    -- Where the receipt was written before it, the notice would come after the fact.
    SELECT 'charge_notice', concat_ws(':', notice.campaign, notice.supporter_id, moment),
        notice.campaign, supporters.email, 1
    FROM settlement.charge_notices AS notice
    JOIN pledges.supporters USING (supporter_id)
    WHERE is_told
      AND (moment = 'two_days'
           OR EXISTS (
               SELECT FROM notify.mails
               WHERE kind = 'charge_notice'
                 AND mails.cause = concat_ws(':', notice.campaign, notice.supporter_id, moment)
           )
           OR NOT EXISTS (
               SELECT FROM notify.mails
               WHERE kind = 'payment_confirmed'
                 AND mails.campaign = notice.campaign
                 AND mails.recipient = supporters.email
           ))
    UNION ALL
    -- An order has one mail for all that was refused of it: the confirmation of its first
    -- pledge names it, and where there is none the order has a mail of its own.
    SELECT 'not_counted', order_id, min(campaign), max(orders.email), 1
    FROM checkout.order_campaigns
    JOIN checkout.orders USING (order_id)
    WHERE state = 'refused'
      AND NOT EXISTS (
          SELECT
          FROM pledges.pledges AS pledge
          JOIN notify.mails ON mails.kind = 'pledge_confirmed'
              AND mails.cause = pledge.pledge_id || ':1'
          WHERE pledge.order_id = orders.order_id
      )
    GROUP BY order_id
    UNION ALL
    SELECT 'card_notice', concat_ws(':', campaign, supporter_id, days_left), campaign,
        supporters.email, count(*)
    FROM checkout.card_notices
    JOIN pledges.supporters USING (supporter_id)
    GROUP BY campaign, supporter_id, days_left, supporters.email
    UNION ALL
    -- Whom it went to is forgotten after a day.
    SELECT 'preview_link', 'preview:' || encode(token_sha256, 'hex'), slug, NULL, 1
    FROM site.campaign_previews
    WHERE for_reviewer
),
written AS (
    -- A decline's mail names its moment as well; what it is about comes before that.
    SELECT
        CASE
            WHEN kind IN ('card_expires', 'card_unusable') THEN 'card_notice'
            WHEN kind = 'payment_unconfirmed' THEN 'payment_failed'
            ELSE kind
        END AS kind,
        CASE
            WHEN kind IN ('payment_failed', 'payment_unconfirmed', 'not_counted')
                THEN split_part(cause, ':', 1)
            WHEN kind IN ('card_expires', 'card_unusable') THEN concat_ws(':',
                split_part(cause, ':', 1), split_part(cause, ':', 2), split_part(cause, ':', -1))
            ELSE cause
        END AS cause,
        max(campaign) AS campaign,
        count(*) AS mails
    FROM notify.mails
    -- News to many has a cause of its own for each recipient, and what is for those who run
    -- the platform, or a test of theirs, is no mail of a pledge.
    WHERE broadcast_id IS NULL
      AND kind NOT IN ('announcement', 'dispute_notice', 'campaign_report', 'sign_in')
    GROUP BY 1, 2
)
SELECT format('%s: %s mails are due, %s were written', kind, coalesce(due.mails, 0),
        coalesce(written.mails, 0)) AS what,
    ARRAY[cause, coalesce(due.campaign, written.campaign)] AS evidence
FROM due
FULL JOIN written USING (kind, cause)
WHERE coalesce(due.mails, 0) <> coalesce(written.mails, 0)
  -- Confirmed, and cancelled later; or cancelled before the confirmation could be written.
  AND NOT (kind = 'pledge_confirmed' AND due.mails IS NULL AND written.mails = 1
           AND EXISTS (
               SELECT FROM pledges.pledges
               WHERE pledge_id || ':1' = cause AND status = 'cancelled'
           ))
