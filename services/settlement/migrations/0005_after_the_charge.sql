-- What becomes of money after it was taken: Stripe's fee, refunds, disputes. What Stripe says
-- is looked at, not believed: an event only makes a look due. Refunds are, like charges, rows
-- before they are requests, and no row promises more than was charged. Ages of keys, leases
-- and looks are real time; when something was decided is the platform's.
SET LOCAL lock_timeout = '5s';

-- One row when an operator stopped all payments. Chargers, refunds and recovery stand still.
CREATE TABLE pauses (
    only_row   boolean     PRIMARY KEY DEFAULT true,
    is_paused  boolean     NOT NULL,
    because    text        NOT NULL,
    changed_by text        NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pauses_has_one_row CHECK (only_row)
);

-- A campaign whose money goes back, all of it and for good: nothing of it is charged any more.
CREATE TABLE campaign_refunds (
    campaign   text        PRIMARY KEY REFERENCES closings,
    request_id text        NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz
);

CREATE FUNCTION stands_still(wanted text) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (SELECT FROM pauses WHERE is_paused)
        OR EXISTS (SELECT FROM campaign_refunds WHERE campaign = wanted)
$$;

-- What such a campaign never charged is ended as a recovery is: cancelled at Stripe, then lost.
ALTER TABLE charges
    DROP CONSTRAINT lost_reason_known,
    ADD CONSTRAINT lost_reason_known CHECK (
        lost_because IN ('window_ended', 'cancelled_at_stripe', 'impossible', 'refunded')
    );

CREATE OR REPLACE FUNCTION charges_move_forward() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF (OLD.campaign, OLD.supporter_id, OLD.purpose, OLD.pledge_ids, OLD.amount_cents,
        OLD.currency, OLD.customer_id)
        IS DISTINCT FROM
       (NEW.campaign, NEW.supporter_id, NEW.purpose, NEW.pledge_ids, NEW.amount_cents,
        NEW.currency, NEW.customer_id)
    THEN
        RAISE EXCEPTION 'charge %: what is charged never changes', OLD.charge_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.payment_intent_id IS NOT NULL
        AND NEW.payment_intent_id IS DISTINCT FROM OLD.payment_intent_id
    THEN
        RAISE EXCEPTION 'charge %: it has its PaymentIntent for ever', OLD.charge_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
        ('new', 'sending'),
        ('sending', 'unknown'), ('sending', 'declined'), ('sending', 'succeeded'),
        ('unknown', 'sending'), ('unknown', 'declined'), ('unknown', 'succeeded'),
        ('unknown', 'lost'),
        ('declined', 'sending'), ('declined', 'with_person'), ('declined', 'ending'), ('new', 'ending'), ('sending', 'ending'),
        ('with_person', 'declined'), ('with_person', 'succeeded'), ('with_person', 'lost'),
        ('ending', 'lost'), ('ending', 'succeeded')
    ) THEN
        RAISE EXCEPTION 'charge %: % cannot become %', OLD.charge_id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Stripe's things that have to be read back. Not ours, or not ours yet: later again, then
-- given up; the daily reconciliation finds what that leaves.
CREATE TABLE looks (
    kind              text        NOT NULL
        CONSTRAINT look_kind_known CHECK (kind IN ('charge', 'refunds', 'dispute', 'warning')),
    object_id         text        NOT NULL,
    payment_intent_id text,
    -- How often it was asked for; who looked meanwhile has to look again.
    asked             integer     NOT NULL DEFAULT 1,
    tries             integer     NOT NULL DEFAULT 0,
    due_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_until       timestamptz NOT NULL DEFAULT '-infinity',
    done_at           timestamptz,
    outcome           text,
    PRIMARY KEY (kind, object_id)
);
CREATE INDEX looks_due ON looks (due_at) WHERE done_at IS NULL;

-- What a charge really cost, as its balance transaction says. Written once.
CREATE TABLE fees (
    charge_id              text        PRIMARY KEY REFERENCES charges,
    stripe_charge_id       text        NOT NULL,
    balance_transaction_id text        NOT NULL UNIQUE,
    gross_cents            bigint      NOT NULL,
    fee_cents              bigint      NOT NULL,
    net_cents              bigint      NOT NULL,
    currency               text        NOT NULL,
    available_at           timestamptz NOT NULL,
    recorded_at            timestamptz NOT NULL,
    CONSTRAINT fees_add_up CHECK (net_cents = gross_cents - fee_cents)
);

-- How much of a charge went back or is about to: never more than was charged.
CREATE TABLE returns (
    charge_id    text    PRIMARY KEY REFERENCES charges,
    amount_cents bigint  NOT NULL,
    given_cents  bigint  NOT NULL DEFAULT 0,
    refunds      integer NOT NULL DEFAULT 0,
    CONSTRAINT no_more_than_was_charged CHECK (given_cents BETWEEN 0 AND amount_cents)
);

-- What an operator asked for, once per key.
CREATE TABLE refund_requests (
    request_id   text        PRIMARY KEY,
    campaign     text        NOT NULL,
    supporter_id text,
    pledge_id    text,
    amount_cents bigint,
    reason       text        NOT NULL,
    requested_at timestamptz NOT NULL
);

CREATE TABLE refunds (
    refund_id        text        PRIMARY KEY,
    charge_id        text        NOT NULL REFERENCES returns,
    number           integer     NOT NULL,
    -- Null when it was made at Stripe, by somebody else than us.
    request_id       text        REFERENCES refund_requests,
    pledge_id        text,
    amount_cents     bigint      NOT NULL,
    parameters       jsonb,
    status           text        NOT NULL,
    stripe_refund_id text        CONSTRAINT one_row_per_refund UNIQUE,
    because          text,
    version          bigint      NOT NULL DEFAULT 0,
    made_at          timestamptz NOT NULL,
    key_serial       integer     NOT NULL DEFAULT 1,
    keyed_at         timestamptz,
    is_key_spent     boolean     NOT NULL DEFAULT false,
    sent_at          timestamptz,
    tries            integer     NOT NULL DEFAULT 0,
    due_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_until      timestamptz NOT NULL DEFAULT '-infinity',
    lease_token      bigint      NOT NULL DEFAULT 0,
    CONSTRAINT refund_number_is_its UNIQUE (charge_id, number),
    CONSTRAINT refund_of_something CHECK (amount_cents > 0),
    -- Refused: Stripe said that nothing goes back. Failed: it went, and came back to us.
    CONSTRAINT refund_status_known
        CHECK (status IN ('new', 'sending', 'pending', 'succeeded', 'failed', 'refused')),
    CONSTRAINT refund_is_proved CHECK (
        status NOT IN ('pending', 'succeeded', 'failed') OR stripe_refund_id IS NOT NULL
    ),
    CONSTRAINT our_refunds_have_parameters CHECK ((request_id IS NULL) = (parameters IS NULL))
);
CREATE INDEX refunds_waiting ON refunds (due_at) WHERE status IN ('new', 'sending');

CREATE FUNCTION refunds_move_forward() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF (OLD.charge_id, OLD.number, OLD.amount_cents, OLD.parameters)
        IS DISTINCT FROM (NEW.charge_id, NEW.number, NEW.amount_cents, NEW.parameters)
        OR OLD.stripe_refund_id IS NOT NULL
            AND NEW.stripe_refund_id IS DISTINCT FROM OLD.stripe_refund_id
    THEN
        RAISE EXCEPTION 'refund %: what is refunded never changes', OLD.refund_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
        ('new', 'sending'), ('sending', 'pending'), ('sending', 'succeeded'),
        ('sending', 'failed'), ('sending', 'refused'),
        ('pending', 'succeeded'), ('pending', 'failed'), ('succeeded', 'failed')
    ) THEN
        RAISE EXCEPTION 'refund %: % cannot become %', OLD.refund_id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refunds_move_forward BEFORE UPDATE ON refunds
    FOR EACH ROW EXECUTE FUNCTION refunds_move_forward();

CREATE TABLE disputes (
    dispute_id        text        PRIMARY KEY,
    charge_id         text        NOT NULL REFERENCES charges,
    kind              text        NOT NULL
        CONSTRAINT dispute_kind_known CHECK (kind IN ('dispute', 'inquiry', 'fraud_warning')),
    status            text        NOT NULL,
    reason            text        NOT NULL,
    amount_cents      bigint      NOT NULL,
    withdrawn_cents   bigint      NOT NULL,
    dispute_fee_cents bigint      NOT NULL,
    currency          text        NOT NULL,
    evidence_due_at   timestamptz,
    opened_at         timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    version           bigint      NOT NULL DEFAULT 1
);
CREATE INDEX disputes_of_a_charge ON disputes (charge_id);

CREATE FUNCTION fees_are_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'fees_are_append_only: % on %', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER fees_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fees
FOR EACH STATEMENT EXECUTE FUNCTION fees_are_append_only();

GRANT SELECT, INSERT ON fees, refund_requests, campaign_refunds, returns,
    refunds, disputes TO {service_role};
GRANT SELECT, INSERT, UPDATE ON pauses, looks TO {service_role};
GRANT UPDATE (ended_at) ON campaign_refunds TO {service_role};
GRANT UPDATE (given_cents, refunds) ON returns TO {service_role};
GRANT UPDATE (
    status, stripe_refund_id, because, version, key_serial, keyed_at, is_key_spent, sent_at,
    tries, due_at, lease_until, lease_token
) ON refunds TO {service_role};
GRANT UPDATE (
    kind, status, reason, amount_cents, withdrawn_cents, dispute_fee_cents, evidence_due_at,
    updated_at, version
) ON disputes TO {service_role};
