-- What settlement knows of other people's facts, and when it has to speak up itself.
-- Timers are rows, not sleeping tasks: whatever was missed during a downtime is still
-- here, unfired, when the next process looks. Nothing here moves money.
SET LOCAL lock_timeout = '5s';

CREATE TABLE campaigns (
    slug         text        PRIMARY KEY,
    version      bigint      NOT NULL,
    title        text        NOT NULL,
    timezone     text        NOT NULL,
    currency     text        NOT NULL,
    starts_at    timestamptz NOT NULL,
    deadline_at  timestamptz NOT NULL,
    goal_cents   bigint      NOT NULL,
    CONSTRAINT goal_is_not_negative CHECK (goal_cents >= 0)
);

CREATE TABLE timers (
    campaign  text        NOT NULL REFERENCES campaigns,
    kind      text        NOT NULL
        CONSTRAINT timer_kind_known CHECK (kind IN ('start', 'deadline')),
    due_at    timestamptz NOT NULL,
    fired_at  timestamptz,
    PRIMARY KEY (campaign, kind)
);
CREATE INDEX timers_waiting ON timers (due_at) WHERE fired_at IS NULL;

-- One row: whether the calendar is being watched, by real time and by the platform's.
CREATE TABLE calendar_heartbeat (
    only_row    boolean     PRIMARY KEY DEFAULT true,
    beat_at     timestamptz NOT NULL,
    platform_at timestamptz NOT NULL,
    CONSTRAINT heartbeat_has_one_row CHECK (only_row)
);

-- Enough of each pledge to say before the close what the close would charge.
CREATE TABLE pledge_copies (
    pledge_id          text        PRIMARY KEY,
    campaign           text        NOT NULL,
    supporter_id       text        NOT NULL,
    revision           bigint      NOT NULL,
    status             text        NOT NULL,
    amount_cents       bigint      NOT NULL,
    goal_cents         bigint      NOT NULL,
    customer_id        text        NOT NULL,
    payment_method_id  text        NOT NULL,
    card_brand         text        NOT NULL,
    card_last4         text        NOT NULL,
    card_exp_month     integer     NOT NULL,
    card_exp_year      integer     NOT NULL,
    created_at         timestamptz NOT NULL
);
CREATE INDEX pledge_copies_by_campaign ON pledge_copies (campaign, supporter_id);

-- The ledger's final count. Written once and never changed, hence no UPDATE is granted.
CREATE TABLE closings (
    campaign       text        PRIMARY KEY,
    is_funded      boolean     NOT NULL,
    pledged_cents  bigint      NOT NULL,
    pledge_count   bigint      NOT NULL,
    goal_cents     bigint      NOT NULL,
    closed_at      timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON campaigns, timers, calendar_heartbeat, pledge_copies
    TO {service_role};
GRANT SELECT, INSERT ON closings TO {service_role};
