-- A link to look at a working copy is mailed to whoever is asked to look. Who that was is
-- forgotten a day later, when the link is over: their mail loses them like an erased person's.
SET LOCAL lock_timeout = '5s';

ALTER TABLE mails
    DROP CONSTRAINT mail_kind_known,
    ADD CONSTRAINT mail_kind_known CHECK (kind IN (
        'pledge_confirmed', 'pledge_cancelled', 'payment_confirmed', 'payment_failed',
        'payment_unconfirmed', 'payment_lost', 'not_funded', 'not_counted', 'card_expires',
        'card_unusable', 'charge_notice', 'refunded', 'refund_failed', 'campaign_ended',
        'pledge_modified', 'your_links', 'announcement', 'diary_update', 'milestone',
        'launch_reminder', 'dispute_notice', 'sign_in', 'campaign_report', 'preview_link'
    ));
CREATE INDEX mails_of_reviewers ON mails (queued_at)
    WHERE kind = 'preview_link' AND forgotten_at IS NULL;

CREATE FUNCTION forget_reviewers(at_most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    WITH old AS (
        SELECT mail_number
        FROM mails
        WHERE kind = 'preview_link'
          AND forgotten_at IS NULL
          AND queued_at < clock_timestamp() - interval '24 hours'
        ORDER BY queued_at
        LIMIT at_most
        FOR UPDATE SKIP LOCKED
    ), marked AS (
        UPDATE mails
        SET forgotten_at = clock_timestamp()
        FROM old
        WHERE mails.mail_number = old.mail_number
        RETURNING mails.mail_number
    )
    SELECT count(*)::integer FROM marked
$$;
REVOKE ALL ON FUNCTION forget_reviewers(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_reviewers(integer) TO {service_role};
