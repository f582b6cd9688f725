-- What we hold against what Stripe holds, day by day. A break is a row that was seen for the
-- first time, seen again as long as it is there, and closed by the run that finds it gone.
SET LOCAL lock_timeout = '5s';

CREATE TABLE reconciliations (
    run_id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    is_dry_run   boolean     NOT NULL,
    requested_by text        NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at  timestamptz,
    -- Business time: what Stripe says was created since then is compared.
    since        timestamptz,
    charges      bigint,
    intents      bigint,
    breaks       jsonb,
    error        text
);
CREATE INDEX reconciliations_waiting ON reconciliations (run_id) WHERE finished_at IS NULL;

CREATE TABLE reconciliation_breaks (
    kind       text        NOT NULL,
    subject    text        NOT NULL,
    campaign   text        NOT NULL,
    ours       text        NOT NULL,
    theirs     text        NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen  timestamptz NOT NULL,
    times_seen integer     NOT NULL DEFAULT 1,
    closed_at  timestamptz,
    PRIMARY KEY (kind, subject, first_seen)
);
CREATE UNIQUE INDEX one_open_break ON reconciliation_breaks (kind, subject)
    WHERE closed_at IS NULL;

GRANT SELECT, INSERT, UPDATE ON reconciliations, reconciliation_breaks TO {service_role};
