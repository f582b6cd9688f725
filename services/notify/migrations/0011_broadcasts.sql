-- News to many: what was said, to whom as of when, and how far it is written out. Each recipient
-- has a mail like any other, but in a queue of its own: they go out by the hundred, after what
-- one person waits for, and what may have arrived is never sent again.
SET LOCAL lock_timeout = '5s';

-- Who supports what, as the ledger told it. A pledge that was withdrawn never stands again.
CREATE TABLE pledge_copies (
    pledge_number bigint      GENERATED ALWAYS AS IDENTITY,
    pledge_id     text        PRIMARY KEY,
    campaign      text        NOT NULL,
    recipient     text        NOT NULL,
    address       text        NOT NULL,
    language      text        NOT NULL,
    is_standing   boolean     NOT NULL,
    created_at    timestamptz NOT NULL
);
CREATE INDEX pledge_copies_of_a_campaign ON pledge_copies (campaign, recipient) WHERE is_standing;
CREATE INDEX pledge_copies_of_a_recipient ON pledge_copies (recipient);

-- Those of before: each had a confirmation, and a cancellation if it was withdrawn.
INSERT INTO pledge_copies
    (pledge_id, campaign, recipient, address, language, is_standing, created_at)
SELECT facts ->> 'pledge_id', campaign, recipient, address, language,
       NOT EXISTS (
           SELECT 1
           FROM mails AS gone
           WHERE gone.kind = 'pledge_cancelled'
             AND gone.cause = confirmed.facts ->> 'pledge_id'
       ),
       created_at
FROM mails AS confirmed
WHERE kind = 'pledge_confirmed' AND forgotten_at IS NULL AND facts ->> 'pledge_id' IS NOT NULL
ORDER BY mail_number
ON CONFLICT DO NOTHING;

-- One mail on the day a campaign opens, asked for in these words; then we forget the address.
CREATE TABLE reminders (
    reminder_number bigint      GENERATED ALWAYS AS IDENTITY,
    campaign        text        NOT NULL,
    recipient       text        NOT NULL,
    address         text        NOT NULL,
    language        text        NOT NULL,
    consent_version text        NOT NULL,
    consent_text    text        NOT NULL,
    consented_at    timestamptz NOT NULL,
    PRIMARY KEY (campaign, recipient)
);
CREATE INDEX reminders_of_a_recipient ON reminders (recipient);

-- Who wants news of a campaign no more, or again: by a name that tells nobody's address.
CREATE TABLE preferences (
    campaign     text        NOT NULL,
    topic        text        NOT NULL,
    supporter_id text        NOT NULL,
    wants_it     boolean     NOT NULL,
    since        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (campaign, topic, supporter_id),
    CONSTRAINT topic_known CHECK (topic IN ('news', 'launch'))
);

-- Addresses that bounced for good, or whose owners complained: no news goes there any more.
CREATE TABLE suppressed (
    supporter_id text        PRIMARY KEY,
    reason       text        NOT NULL,
    since        timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT suppression_reason_known CHECK (reason IN ('bounced', 'complained', 'suppressed'))
);

-- As contracts.ids has it, of an address in its one spelling.
CREATE FUNCTION supporter_of(recipient text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT 'sup_' || left(encode(sha256(convert_to(recipient, 'UTF8')), 'hex'), 32)
$$;

CREATE FUNCTION may_be_told(whom text, of_campaign text, about text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = {schema}, pg_temp AS $$
    SELECT NOT EXISTS (
        SELECT FROM suppressed WHERE supporter_id = supporter_of(whom)
    ) AND NOT EXISTS (
        SELECT
        FROM preferences
        WHERE campaign = of_campaign
          AND topic = about
          AND supporter_id = supporter_of(whom)
          AND NOT wants_it
    )
$$;

-- What Resend told us of what became of a mail, each telling once.
CREATE TABLE resend_events (
    event_id   text        PRIMARY KEY,
    resend_id  text        NOT NULL,
    happened   text        NOT NULL,
    detail     text        NOT NULL,
    heard_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX resend_events_of_a_mail ON resend_events (resend_id);

CREATE TABLE broadcasts (
    broadcast_id   text        PRIMARY KEY,
    kind           text        NOT NULL,
    cause          text        NOT NULL,
    campaign       text        NOT NULL,
    news           jsonb       NOT NULL,
    audience_count integer     NOT NULL,
    audience_hash  text        NOT NULL,
    -- The newest member of the audience: who came later is not in it.
    through        bigint      NOT NULL,
    -- Mails are written up to this recipient.
    reached        text        NOT NULL DEFAULT '',
    is_written     boolean     NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL,
    CONSTRAINT one_broadcast_per_cause UNIQUE (kind, cause),
    CONSTRAINT broadcast_kind_known
        CHECK (kind IN ('announcement', 'diary_update', 'milestone', 'launch_reminder'))
);
CREATE INDEX broadcasts_to_write ON broadcasts (created_at) WHERE NOT is_written;

-- Up to a hundred mails that are one request: always the same ones, under the same key.
CREATE TABLE batches (
    batch_id         text        PRIMARY KEY,
    broadcast_id     text        NOT NULL REFERENCES broadcasts (broadcast_id),
    is_open          boolean     NOT NULL DEFAULT true,
    attempts         integer     NOT NULL DEFAULT 1,
    first_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_attempt_at  timestamptz NOT NULL
);
CREATE INDEX batches_open ON batches (next_attempt_at) WHERE is_open;

ALTER TABLE mails
    ADD COLUMN broadcast_id text REFERENCES broadcasts (broadcast_id),
    ADD COLUMN batch_id text REFERENCES batches (batch_id),
    DROP CONSTRAINT mail_status_known,
    -- withheld: its recipient wants no news any more; unknown: it may have arrived.
    ADD CONSTRAINT mail_status_known CHECK (status IN (
        'queued', 'sending', 'sent', 'undeliverable', 'parked', 'withheld', 'unknown'
    )),
    DROP CONSTRAINT mail_kind_known,
    ADD CONSTRAINT mail_kind_known CHECK (kind IN (
        'pledge_confirmed', 'pledge_cancelled', 'payment_confirmed', 'payment_failed',
        'payment_unconfirmed', 'payment_lost', 'not_funded', 'not_counted', 'card_expires',
        'card_unusable', 'charge_notice', 'refunded', 'refund_failed', 'campaign_ended',
        'pledge_modified', 'your_links', 'announcement', 'diary_update', 'milestone',
        'launch_reminder', 'dispute_notice', 'sign_in', 'campaign_report'
    ));
DROP INDEX mails_due;
CREATE INDEX mails_due ON mails (next_attempt_at, mail_number)
    WHERE status IN ('queued', 'sending') AND broadcast_id IS NULL;
DROP INDEX mails_open_by_recipient;
CREATE INDEX mails_open_by_recipient ON mails (recipient, mail_number)
    WHERE status IN ('queued', 'sending') AND broadcast_id IS NULL;
CREATE INDEX mails_of_broadcasts_due ON mails (broadcast_id, mail_number)
    WHERE status = 'queued' AND broadcast_id IS NOT NULL;
CREATE INDEX mails_of_a_broadcast ON mails (broadcast_id) WHERE broadcast_id IS NOT NULL;
CREATE INDEX mails_of_a_batch ON mails (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX mails_by_resend_id ON mails (resend_id) WHERE resend_id IS NOT NULL;

-- Who sells, on a receipt.
ALTER TABLE platform_names ADD COLUMN company_name text NOT NULL DEFAULT '';

-- What may be announced, as of the newest news of a campaign.
ALTER TABLE campaigns
    ADD COLUMN starts_at timestamptz,
    ADD COLUMN stretch_goals jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN report_emails jsonb NOT NULL DEFAULT '[]',
    -- False for campaigns of before: what their diary holds already is news to nobody.
    ADD COLUMN knows_diary boolean NOT NULL DEFAULT false;

-- The newest totals, of which milestones are made.
CREATE TABLE totals (
    campaign        text    PRIMARY KEY,
    version         bigint  NOT NULL,
    pledged_cents   bigint  NOT NULL,
    pledge_count    integer NOT NULL,
    supporter_count integer NOT NULL
);

-- What was announced, or was passed over because something greater was.
CREATE TABLE milestones (
    campaign   text        NOT NULL,
    milestone  text        NOT NULL,
    is_told    boolean     NOT NULL,
    reached_at timestamptz NOT NULL,
    PRIMARY KEY (campaign, milestone)
);

-- The diary as site published it last; an entry is told to supporters once.
CREATE TABLE diary_entries (
    campaign text        NOT NULL,
    entry_id text        NOT NULL,
    title    text        NOT NULL,
    excerpt  text        NOT NULL,
    at       timestamptz NOT NULL,
    is_done  boolean     NOT NULL,
    PRIMARY KEY (campaign, entry_id)
);

CREATE OR REPLACE FUNCTION forget_recipient(whom text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    UPDATE mails
    SET forgotten_at = clock_timestamp()
    WHERE recipient = whom AND forgotten_at IS NULL;
    DELETE FROM pledge_copies WHERE recipient = whom;
    DELETE FROM reminders WHERE recipient = whom;
$$;

CREATE OR REPLACE FUNCTION forget_mails(at_most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    WITH done AS (
        SELECT mail_number
        FROM mails
        WHERE forgotten_at IS NOT NULL
          AND recipient <> ''
          AND status IN ('sent', 'undeliverable', 'parked', 'withheld', 'unknown')
        ORDER BY mail_number
        LIMIT at_most
        FOR UPDATE SKIP LOCKED
    ), forgotten AS (
        UPDATE mails
        SET recipient = '',
            address = '',
            facts = jsonb_strip_nulls(jsonb_build_object('pledge_id', facts -> 'pledge_id')),
            status = CASE status WHEN 'parked' THEN 'undeliverable' ELSE status END
        FROM done
        WHERE mails.mail_number = done.mail_number
        RETURNING mails.mail_number
    )
    SELECT count(*)::integer FROM forgotten
$$;

GRANT SELECT, INSERT, UPDATE
    ON pledge_copies, reminders, preferences, suppressed, broadcasts, batches, totals, milestones,
       diary_entries
    TO {service_role};
GRANT DELETE ON reminders TO {service_role};
GRANT SELECT, INSERT ON resend_events TO {service_role};
GRANT UPDATE (batch_id) ON mails TO {service_role};
