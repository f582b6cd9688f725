-- Mails about a payment that the bank wants confirmed, and about one that is over.
SET LOCAL lock_timeout = '5s';

ALTER TABLE mails
    DROP CONSTRAINT mail_kind_known,
    ADD CONSTRAINT mail_kind_known CHECK (kind IN (
        'pledge_confirmed', 'pledge_cancelled', 'payment_confirmed', 'payment_failed',
        'payment_unconfirmed', 'payment_lost', 'not_funded', 'not_counted', 'card_expires',
        'card_unusable'
    ));
