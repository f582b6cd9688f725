-- Two more kinds of mails, about cards that will not last; and what tells how long a card has
-- to: after a decline a charge is tried again that long. Site owns it, like the whole row.
SET LOCAL lock_timeout = '5s';

ALTER TABLE platform_names ADD COLUMN recovery_window_days integer NOT NULL DEFAULT 7;

ALTER TABLE mails
    DROP CONSTRAINT mail_kind_known,
    ADD CONSTRAINT mail_kind_known CHECK (kind IN (
        'pledge_confirmed', 'pledge_cancelled', 'payment_confirmed', 'payment_failed',
        'not_funded', 'not_counted', 'card_expires', 'card_unusable'
    ));
