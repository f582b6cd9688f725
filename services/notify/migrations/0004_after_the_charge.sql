-- Mails about a charge that is about to come, money that went back, and a campaign that its
-- operator ended early.
SET LOCAL lock_timeout = '5s';

ALTER TABLE mails
    DROP CONSTRAINT mail_kind_known,
    ADD CONSTRAINT mail_kind_known CHECK (kind IN (
        'pledge_confirmed', 'pledge_cancelled', 'payment_confirmed', 'payment_failed',
        'payment_unconfirmed', 'payment_lost', 'not_funded', 'not_counted', 'card_expires',
        'card_unusable', 'charge_notice', 'refunded', 'refund_failed', 'campaign_ended'
    ));
