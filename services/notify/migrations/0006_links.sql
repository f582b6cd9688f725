-- A pledge that was changed, and links that were lost, have mails of their own. Which generation
-- of a supporter's links a new mail has, as the ledger told it last: whoever is not here has the
-- first.
SET LOCAL lock_timeout = '5s';

ALTER TABLE mails
    DROP CONSTRAINT mail_kind_known,
    ADD CONSTRAINT mail_kind_known CHECK (kind IN (
        'pledge_confirmed', 'pledge_cancelled', 'payment_confirmed', 'payment_failed',
        'payment_unconfirmed', 'payment_lost', 'not_funded', 'not_counted', 'card_expires',
        'card_unusable', 'charge_notice', 'refunded', 'refund_failed', 'campaign_ended',
        'pledge_modified', 'your_links'
    ));

CREATE TABLE link_generations (
    supporter_id text    PRIMARY KEY,
    generation   integer NOT NULL CHECK (generation > 1)
);

GRANT SELECT, INSERT, UPDATE ON link_generations TO {service_role};
