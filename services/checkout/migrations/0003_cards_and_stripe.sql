-- Saved cards: whose they are, which pledges they are for, and when nobody needs them any
-- more. Only checkout detaches a card, so the reasons to keep one are all in this schema.
-- Beside them what Stripe tells of failures, and how far its events were read back.
SET LOCAL lock_timeout = '5s';

CREATE TABLE cards (
    payment_method_id text        PRIMARY KEY,
    customer_id       text        NOT NULL,
    supporter_id      text        NOT NULL,
    email             text        NOT NULL,
    language          text        NOT NULL,
    brand             text        NOT NULL,
    last4             text        NOT NULL,
    exp_month         integer     NOT NULL,
    exp_year          integer     NOT NULL,
    fingerprint       text        NOT NULL,
    saved_at          timestamptz NOT NULL,
    -- The `created` of the last event that told of new data: an older one changes nothing.
    told_at           timestamptz NOT NULL DEFAULT '-infinity',
    unusable_because  text
        CONSTRAINT unusable_because_known
        CHECK (unusable_because IN ('detached', 'customer_deleted', 'mandate_inactive'))
);
CREATE INDEX cards_by_customer ON cards (customer_id);

-- A card's use ends with its pledge. A replaced card stays in use until then: a charge that
-- is under way may still name it.
CREATE TABLE card_uses (
    payment_method_id text        NOT NULL REFERENCES cards,
    pledge_id         text        NOT NULL,
    order_id          text        NOT NULL,
    campaign          text        NOT NULL,
    supporter_id      text        NOT NULL,
    used_since        timestamptz NOT NULL,
    ended_as          text
        CONSTRAINT use_ended_as_known
        CHECK (ended_as IN ('cancelled', 'refused', 'released', 'charged', 'lost', 'erased')),
    PRIMARY KEY (payment_method_id, pledge_id)
);
CREATE INDEX card_uses_by_pledge ON card_uses (pledge_id);
CREATE INDEX card_uses_by_campaign ON card_uses (campaign, supporter_id, used_since)
    WHERE ended_as IS NULL;

-- How often each pledge's card was announced: the order in which listeners hear of it.
CREATE TABLE card_versions (
    pledge_id text   PRIMARY KEY,
    version   bigint NOT NULL
);

-- The detach queue. A row is an intention; whether the card is really unused is asked again
-- in the transaction that leases it.
CREATE TABLE card_detachments (
    payment_method_id text        PRIMARY KEY REFERENCES cards,
    because           text        NOT NULL,
    queued_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts          integer     NOT NULL DEFAULT 0,
    error             text,
    detached_at       timestamptz
);
CREATE INDEX card_detachments_due ON card_detachments (due_at) WHERE detached_at IS NULL;

-- A card that replaces another: a setup session of its own, for a pledge that exists.
CREATE TABLE card_updates (
    update_id         text        PRIMARY KEY,
    pledge_id         text        NOT NULL,
    order_id          text        NOT NULL,
    campaign          text        NOT NULL,
    supporter_id      text        NOT NULL,
    email             text        NOT NULL,
    language          text        NOT NULL,
    ui_mode           text        NOT NULL
        CONSTRAINT update_ui_mode_known CHECK (ui_mode IN ('custom', 'hosted')),
    status            text        NOT NULL
        CONSTRAINT update_status_known CHECK (status IN ('opening', 'open', 'saved', 'over')),
    session_id        text        CONSTRAINT one_update_per_session UNIQUE,
    payment_method_id text        REFERENCES cards,
    created_at        timestamptz NOT NULL,
    saved_at          timestamptz,
    -- Real time: when to ask Stripe again.
    look_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT saved_has_its_card CHECK (
        (status = 'saved') = (payment_method_id IS NOT NULL)
        AND (status = 'saved') = (saved_at IS NOT NULL)
    ),
    CONSTRAINT open_update_has_its_session CHECK (status <> 'open' OR session_id IS NOT NULL)
);
CREATE INDEX card_updates_undecided ON card_updates (look_at) WHERE status IN ('opening', 'open');
CREATE INDEX card_updates_by_pledge ON card_updates (pledge_id);

-- Who was told that a card will not last, and which campaigns were gone through for it. The
-- deadline is part of the key: one that was moved is announced anew.
CREATE TABLE card_notices (
    campaign     text        NOT NULL,
    deadline_at  timestamptz NOT NULL,
    days_left    integer     NOT NULL,
    supporter_id text        NOT NULL,
    PRIMARY KEY (campaign, deadline_at, days_left, supporter_id)
);
CREATE TABLE card_rounds (
    campaign    text        NOT NULL,
    deadline_at timestamptz NOT NULL,
    days_left   integer     NOT NULL,
    PRIMARY KEY (campaign, deadline_at, days_left)
);

-- Cards that banks refused to save, each counted once; and a digest of the address they came
-- from. Real time, and forgotten after two days.
CREATE TABLE card_failures (
    event_id   text        PRIMARY KEY,
    intent_id  text        NOT NULL,
    client_key text        NOT NULL,
    code       text        NOT NULL,
    failed_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX card_failures_by_intent ON card_failures (intent_id);
CREATE INDEX card_failures_by_client ON card_failures (client_key, failed_at);

-- How far Stripe's own list of events has been read. Stripe's time.
CREATE TABLE stripe_cursor (
    only_row    boolean     PRIMARY KEY DEFAULT true,
    read_until  timestamptz NOT NULL,
    CONSTRAINT stripe_cursor_has_one_row CHECK (only_row)
);

-- What it is about, other than an order: a card update, a PaymentMethod, a SetupIntent.
ALTER TABLE stripe_events
    ADD COLUMN update_id text,
    ADD COLUMN object_id text NOT NULL DEFAULT '',
    DROP CONSTRAINT stripe_event_outcome_known,
    ADD CONSTRAINT stripe_event_outcome_known
        CHECK (outcome IN ('applied', 'passed_on', 'ignored', 'parked'));
CREATE INDEX stripe_events_received ON stripe_events (received_at);

-- The owner's right lent for this one purpose. Bodies go after 30 days; Stripe repeats nothing
-- older than that, so after 90 the id that makes a repeat harmless may go as well.
CREATE FUNCTION forget_stripe_events(at_most integer) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = {schema}, pg_temp
AS $$
    WITH old AS (
        SELECT event_id
        FROM stripe_events
        WHERE received_at < clock_timestamp() - interval '30 days'
          AND payload IS NOT NULL
          AND outcome IS NOT NULL
        ORDER BY received_at
        LIMIT at_most
    ), emptied AS (
        UPDATE stripe_events AS event
        SET payload = NULL
        FROM old
        WHERE event.event_id = old.event_id
        RETURNING 1
    ), ancient AS (
        SELECT event_id
        FROM stripe_events
        WHERE received_at < clock_timestamp() - interval '90 days'
          AND outcome IS DISTINCT FROM 'parked'
          AND outcome IS NOT NULL
          AND payload IS NULL
        ORDER BY received_at
        LIMIT at_most
    ), gone AS (
        DELETE FROM stripe_events USING ancient
        WHERE stripe_events.event_id = ancient.event_id
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM emptied) + (SELECT count(*) FROM gone)
$$;
REVOKE ALL ON FUNCTION forget_stripe_events(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_stripe_events(integer) TO {service_role};

GRANT SELECT, INSERT, UPDATE ON cards, card_updates, card_versions, stripe_cursor
    TO {service_role};
GRANT SELECT, INSERT ON card_uses, card_detachments, card_notices, card_rounds
    TO {service_role};
GRANT UPDATE (ended_as) ON card_uses TO {service_role};
GRANT UPDATE (due_at, attempts, error, detached_at) ON card_detachments TO {service_role};
GRANT SELECT, INSERT, DELETE ON card_failures TO {service_role};
