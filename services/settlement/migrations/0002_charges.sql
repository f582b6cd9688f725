-- One supporter's money, and every try at it. The rules that must hold whatever our code
-- does are here: one charge per (campaign, supporter, purpose), one PaymentIntent per
-- charge for ever, one attempt in flight, and no way back from a success.
-- Times of the business (requested, decided) are the platform's; leases, back-off and
-- the age of keys are real time.
SET LOCAL lock_timeout = '5s';

CREATE TABLE charges (
    charge_id            text        PRIMARY KEY,
    campaign             text        NOT NULL REFERENCES closings,
    supporter_id         text        NOT NULL,
    purpose              text        NOT NULL,
    pledge_ids           text[]      NOT NULL,
    amount_cents         bigint      NOT NULL,
    currency             text        NOT NULL,
    customer_id          text        NOT NULL,
    payment_method_id    text        NOT NULL,
    card_brand           text        NOT NULL,
    card_last4           text        NOT NULL,
    card_exp_month       integer     NOT NULL,
    card_exp_year        integer     NOT NULL,
    version              bigint      NOT NULL DEFAULT 1,
    status               text        NOT NULL DEFAULT 'new'
        CONSTRAINT charge_status_known
        CHECK (status IN ('new', 'sending', 'unknown', 'declined', 'succeeded')),
    requested_at         timestamptz NOT NULL,
    decided_at           timestamptz,

    -- The one PaymentIntent. The parameters are kept because a key that is sent again
    -- must come with the very same ones.
    create_parameters    jsonb       NOT NULL,
    create_serial        integer     NOT NULL DEFAULT 1,
    create_keyed_at      timestamptz NOT NULL,
    create_keyed_on      timestamptz NOT NULL,
    is_create_key_spent  boolean     NOT NULL DEFAULT false,
    payment_intent_id    text        CONSTRAINT one_charge_per_intent UNIQUE,
    stripe_charge_id     text,

    -- Whose turn it is, and when. The lease is the guard, the queue only wakes.
    due_at               timestamptz NOT NULL,
    queued_at            timestamptz NOT NULL,
    lease_until          timestamptz NOT NULL DEFAULT '-infinity',
    lease_token          bigint      NOT NULL DEFAULT 0,
    postponed            integer     NOT NULL DEFAULT 0,
    postponed_because    text,
    unknown_since        timestamptz,
    checks               integer     NOT NULL DEFAULT 0,

    CONSTRAINT one_charge_per_purpose UNIQUE (campaign, supporter_id, purpose),
    CONSTRAINT charge_is_for_something CHECK (cardinality(pledge_ids) > 0),
    CONSTRAINT charge_amount_positive CHECK (amount_cents > 0),
    CONSTRAINT success_is_proved CHECK (
        status <> 'succeeded'
        OR (payment_intent_id IS NOT NULL AND stripe_charge_id IS NOT NULL)
    ),
    CONSTRAINT decision_has_its_time CHECK (
        (status IN ('declined', 'succeeded')) = (decided_at IS NOT NULL)
    )
);
CREATE INDEX charges_waiting ON charges (due_at) WHERE status IN ('new', 'sending', 'unknown');
CREATE INDEX charges_by_campaign ON charges (campaign, supporter_id);

CREATE TABLE charge_attempts (
    charge_id             text        NOT NULL REFERENCES charges,
    attempt               integer     NOT NULL,
    state                 text        NOT NULL
        CONSTRAINT attempt_state_known
        CHECK (state IN ('sending', 'unknown', 'declined', 'succeeded')),
    confirm_parameters    jsonb       NOT NULL,
    key_serial            integer     NOT NULL DEFAULT 1,
    keyed_at              timestamptz,
    keyed_on              timestamptz,
    is_key_spent          boolean     NOT NULL DEFAULT false,
    -- Set before a confirmation leaves us, cleared when we know that it did not arrive.
    sent_at               timestamptz,
    begun_at              timestamptz NOT NULL,
    decided_at            timestamptz,
    unknown_because       text,
    code                  text,
    decline_code          text,
    advice_code           text,
    network_decline_code  text,
    network_advice_code   text,
    needs_authentication  boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (charge_id, attempt),
    CONSTRAINT attempt_counts_from_one CHECK (attempt > 0)
);
CREATE UNIQUE INDEX one_attempt_in_flight ON charge_attempts (charge_id)
    WHERE state IN ('sending', 'unknown');

CREATE FUNCTION charges_move_forward() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF (OLD.campaign, OLD.supporter_id, OLD.purpose, OLD.pledge_ids, OLD.amount_cents,
        OLD.currency)
        IS DISTINCT FROM
       (NEW.campaign, NEW.supporter_id, NEW.purpose, NEW.pledge_ids, NEW.amount_cents,
        NEW.currency)
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
        ('unknown', 'sending'), ('unknown', 'declined'), ('unknown', 'succeeded')
    ) THEN
        RAISE EXCEPTION 'charge %: % cannot become %', OLD.charge_id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER charges_move_forward BEFORE UPDATE ON charges
    FOR EACH ROW EXECUTE FUNCTION charges_move_forward();

GRANT SELECT, INSERT ON charges, charge_attempts TO {service_role};
GRANT UPDATE (
    status, version, decided_at, create_serial, create_keyed_at, create_keyed_on,
    is_create_key_spent, payment_intent_id, stripe_charge_id, due_at, queued_at,
    lease_until, lease_token, postponed, postponed_because, unknown_since, checks
) ON charges TO {service_role};
GRANT UPDATE (
    state, key_serial, keyed_at, keyed_on, is_key_spent, sent_at, decided_at,
    unknown_because, code, decline_code, advice_code, network_decline_code,
    network_advice_code, needs_authentication
) ON charge_attempts TO {service_role};
