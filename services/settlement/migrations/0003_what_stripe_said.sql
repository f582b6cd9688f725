-- What Stripe said about money, kept as it came: events arrive twice, late and in any order,
-- also before the charge they are about is recorded. Nothing here is ever changed.
SET LOCAL lock_timeout = '5s';

CREATE TABLE stripe_events (
    stripe_event_id   text        PRIMARY KEY,
    stripe_type       text        NOT NULL,
    object_id         text        NOT NULL,
    -- The PaymentIntent it is about, where the object names one.
    payment_intent_id text,
    created_at        timestamptz NOT NULL,
    -- Empty when it was too large for the bus: then it is read back by its id.
    object            jsonb,
    heard_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX stripe_events_by_intent ON stripe_events (payment_intent_id, created_at);
CREATE INDEX stripe_events_by_object ON stripe_events (object_id, created_at);

CREATE FUNCTION stripe_events_are_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'stripe_events_are_append_only: % on %', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER stripe_events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stripe_events
FOR EACH STATEMENT EXECUTE FUNCTION stripe_events_are_append_only();

-- The newest card of several is the one that is charged: by when it was saved, not by when
-- its pledge was made.
ALTER TABLE pledge_copies ADD COLUMN card_saved_at timestamptz;

GRANT SELECT, INSERT ON stripe_events TO {service_role};
