-- A charge that was declined is not over: for some days it is tried again, or its supporter
-- brings another card or passes the bank's check, all on the one PaymentIntent. Then it is
-- cancelled at Stripe, and only then lost. Everything here that ends or begins with a day is
-- business time; leases and looks at Stripe are real time.
SET LOCAL lock_timeout = '5s';

ALTER TABLE charges
    DROP CONSTRAINT charge_status_known,
    ADD CONSTRAINT charge_status_known CHECK (status IN (
        'new', 'sending', 'unknown', 'declined', 'with_person', 'ending', 'succeeded', 'lost'
    )),
    DROP CONSTRAINT decision_has_its_time,
    ADD CONSTRAINT decision_has_its_time CHECK (
        (status IN ('declined', 'succeeded', 'lost')) = (decided_at IS NOT NULL)
    ),
    -- The card of the next attempt. Attempts keep the one they were made with.
    ADD COLUMN card_saved_at     timestamptz,
    -- It came while an attempt was in flight: tried as soon as that one is declined.
    ADD COLUMN has_new_card      boolean NOT NULL DEFAULT false,
    -- Names the errors we have recorded, to know a newer one from them: see is_own_error.
    ADD COLUMN known_errors      text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN because           text,
    ADD COLUMN first_declined_at timestamptz,
    ADD COLUMN recovery_ends_at  timestamptz,
    ADD COLUMN next_attempt_at   timestamptz,
    ADD COLUMN next_reminder_at  timestamptz,
    ADD COLUMN reminders         integer NOT NULL DEFAULT 0,
    -- Real time: until when we believe that the person is still at the bank.
    ADD COLUMN person_until      timestamptz,
    ADD COLUMN lost_because      text
        CONSTRAINT lost_reason_known
        CHECK (lost_because IN ('window_ended', 'cancelled_at_stripe', 'impossible')),
    ADD CONSTRAINT lost_has_its_reason CHECK ((status = 'lost') = (lost_because IS NOT NULL)),
    ADD CONSTRAINT decline_opens_recovery CHECK (
        (first_declined_at IS NULL) = (recovery_ends_at IS NULL)
    );

-- What was declined before there was a recovery gets its seven days from then on.
UPDATE charges
SET first_declined_at = decided_at, recovery_ends_at = decided_at + interval '7 days',
    because = 'unlisted'
WHERE status = 'declined';

DROP INDEX charges_waiting;
CREATE INDEX charges_waiting ON charges (due_at)
    WHERE status IN ('new', 'sending', 'unknown', 'with_person', 'ending');
CREATE INDEX charges_recovering ON charges (recovery_ends_at) WHERE status = 'declined';

ALTER TABLE charge_attempts
    ADD COLUMN kind text NOT NULL DEFAULT 'first'
        CONSTRAINT attempt_kind_known
        CHECK (kind IN ('first', 'automatic', 'renewed', 'card', 'person')),
    DROP CONSTRAINT attempt_state_known,
    -- Abandoned: the person never answered the bank, and nothing happened.
    ADD CONSTRAINT attempt_state_known
        CHECK (state IN ('sending', 'unknown', 'declined', 'succeeded', 'abandoned'));

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
        ('declined', 'sending'), ('declined', 'with_person'), ('declined', 'ending'),
        ('with_person', 'declined'), ('with_person', 'succeeded'), ('with_person', 'lost'),
        ('ending', 'lost'), ('ending', 'succeeded')
    ) THEN
        RAISE EXCEPTION 'charge %: % cannot become %', OLD.charge_id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;

-- What `platform.yml` decides for charging.
CREATE TABLE platform_rules (
    only_row             boolean PRIMARY KEY DEFAULT true,
    version              bigint  NOT NULL,
    recovery_window_days integer NOT NULL,
    CONSTRAINT platform_rules_has_one_row CHECK (only_row)
);

-- Once per campaign, when nobody of its settlement needs attention any more.
CREATE TABLE settlements (
    campaign    text        PRIMARY KEY REFERENCES closings,
    settled_at  timestamptz NOT NULL,
    certificate jsonb       NOT NULL
);

GRANT UPDATE (
    payment_method_id, card_brand, card_last4, card_exp_month, card_exp_year, card_saved_at,
    has_new_card, known_errors, because, first_declined_at, recovery_ends_at, next_attempt_at,
    next_reminder_at, reminders, person_until, lost_because
) ON charges TO {service_role};
GRANT SELECT, INSERT, UPDATE ON platform_rules TO {service_role};
GRANT SELECT, INSERT ON settlements TO {service_role};

-- What Stripe said it took for a campaign, for the certificate.
CREATE INDEX stripe_events_of_campaigns ON stripe_events ((object #>> '{metadata,campaign}'))
    WHERE stripe_type = 'payment_intent.succeeded';
