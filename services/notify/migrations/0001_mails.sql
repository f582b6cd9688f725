-- A mail is a row before it is a message: it is written in the transaction that hears the
-- fact, once per cause however often and under whatever id the fact is delivered. What
-- was tried with it afterwards is appended beside it and never rewritten.
SET LOCAL lock_timeout = '5s';

-- What mails say about a campaign; site owns it.
CREATE TABLE campaigns (
    slug          text        PRIMARY KEY,
    version       bigint      NOT NULL,
    title         text        NOT NULL,
    deadline_at   timestamptz NOT NULL,
    timezone      text        NOT NULL,
    goal_cents    bigint      NOT NULL,
    instagram_url text        NOT NULL
);

-- What mails say about the platform; site owns it.
CREATE TABLE platform_names (
    only_row      boolean PRIMARY KEY DEFAULT true,
    version       bigint  NOT NULL,
    platform_name text    NOT NULL,
    support_email text    NOT NULL,
    languages     jsonb   NOT NULL,
    CONSTRAINT platform_names_has_one_row CHECK (only_row)
);

CREATE TABLE mails (
    mail_number      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mail_id          text        NOT NULL UNIQUE,
    kind             text        NOT NULL,
    cause            text        NOT NULL,
    campaign         text        NOT NULL,
    recipient        text        NOT NULL,  -- canonical: mails to one person keep their order
    address          text        NOT NULL,  -- as the person wrote it: where it is sent
    language         text        NOT NULL,
    facts            jsonb       NOT NULL,
    created_at       timestamptz NOT NULL,  -- platform time: the link's life counts from here
    queued_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    status           text        NOT NULL DEFAULT 'queued',
    attempts         integer     NOT NULL DEFAULT 0,
    edition          integer     NOT NULL DEFAULT 1,
    first_attempt_at timestamptz,
    next_attempt_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    resend_id        text,
    sent_at          timestamptz,
    CONSTRAINT one_mail_per_cause UNIQUE (kind, cause),
    CONSTRAINT mail_kind_known CHECK (kind IN (
        'pledge_confirmed', 'pledge_cancelled', 'payment_confirmed', 'payment_failed',
        'not_funded', 'not_counted'
    )),
    CONSTRAINT mail_status_known
        CHECK (status IN ('queued', 'sending', 'sent', 'undeliverable', 'parked')),
    CONSTRAINT mail_sent_has_proof CHECK ((status = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX mails_due ON mails (next_attempt_at, mail_number)
    WHERE status IN ('queued', 'sending');
CREATE INDEX mails_open_by_recipient ON mails (recipient, mail_number)
    WHERE status IN ('queued', 'sending');
CREATE INDEX mails_needing_somebody ON mails (kind)
    WHERE status IN ('undeliverable', 'parked');

CREATE TABLE deliveries (
    delivery_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mail_id     text        NOT NULL REFERENCES mails (mail_id),
    attempt     integer     NOT NULL,
    outcome     text        NOT NULL,
    code        text        NOT NULL,
    resend_id   text,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT delivery_outcome_known
        CHECK (outcome IN ('accepted', 'rejected', 'limited', 'undecided', 'key_taken'))
);
CREATE INDEX deliveries_of_a_mail ON deliveries (mail_id);

GRANT SELECT, INSERT, UPDATE ON campaigns, platform_names TO {service_role};
GRANT SELECT, INSERT ON mails, deliveries TO {service_role};
GRANT UPDATE (status, attempts, edition, first_attempt_at, next_attempt_at, resend_id, sent_at)
    ON mails TO {service_role};
