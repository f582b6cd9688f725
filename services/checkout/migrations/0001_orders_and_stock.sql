-- What a checkout is made of: our copies of campaigns, the orders people start, the scarce
-- units they hold, and every message Stripe sends. The schema refuses what must never be:
-- an order that goes backwards, a unit sold twice, a Stripe event applied twice.
SET LOCAL lock_timeout = '5s';

-- Our copy of a campaign, and the door to it: whoever starts or completes an order takes
-- the row FOR SHARE, whoever changes or drains the campaign takes it for itself.
CREATE TABLE campaigns (
    slug        text        PRIMARY KEY,
    version     integer     NOT NULL,
    deadline_at timestamptz NOT NULL,
    definition  jsonb       NOT NULL,
    drained_at  timestamptz,
    order_count integer,
    order_hash  text,
    CONSTRAINT drained_means_counted
        CHECK ((drained_at IS NULL) = (order_count IS NULL)
           AND (drained_at IS NULL) = (order_hash IS NULL))
);
CREATE INDEX campaigns_not_drained ON campaigns (deadline_at) WHERE drained_at IS NULL;

CREATE TABLE platform_definition (
    only_row   boolean PRIMARY KEY DEFAULT true,
    version    integer NOT NULL,
    definition jsonb   NOT NULL,
    CONSTRAINT platform_definition_has_one_row CHECK (only_row)
);

-- The last totals heard, for tiers that open at a threshold.
CREATE TABLE campaign_totals (
    campaign      text   PRIMARY KEY,
    version       bigint NOT NULL,
    pledged_cents bigint NOT NULL
);

CREATE TABLE orders (
    order_id         text        PRIMARY KEY,
    status           text        NOT NULL
        CONSTRAINT order_status_known
        CHECK (status IN ('opening', 'open', 'completed', 'persisted',
                          'expired', 'too_late', 'abandoned')),
    idempotency_hash text        CONSTRAINT one_order_per_idempotency_key UNIQUE,
    request_hash     text        NOT NULL,
    supporter_id     text,
    email            text,
    language         text        NOT NULL,
    ui_mode          text        NOT NULL
        CONSTRAINT ui_mode_known CHECK (ui_mode IN ('custom', 'hosted')),
    pledges          jsonb       NOT NULL,
    total_cents      bigint      NOT NULL CONSTRAINT total_is_positive CHECK (total_cents > 0),
    shipping_address jsonb,
    attribution      jsonb,
    consent          jsonb,
    page             text        NOT NULL,
    session_id       text        CONSTRAINT one_order_per_session UNIQUE,
    created_at       timestamptz NOT NULL,
    completed_at     timestamptz,
    -- Real time, not business time: how long Stripe has been silent, when to look again.
    started_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    look_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT completed_has_its_time
        CHECK (status NOT IN ('completed', 'persisted') OR completed_at IS NOT NULL),
    CONSTRAINT open_has_its_session CHECK (status <> 'open' OR session_id IS NOT NULL)
);
CREATE INDEX orders_by_status ON orders (status);
CREATE INDEX orders_undecided ON orders (look_at) WHERE status IN ('opening', 'open');

-- One row per campaign in the cart: what became of it, and which set a drain counts.
CREATE TABLE order_campaigns (
    order_id  text NOT NULL REFERENCES orders,
    campaign  text NOT NULL,
    state     text NOT NULL DEFAULT 'pending'
        CONSTRAINT order_campaign_state_known
        CHECK (state IN ('pending', 'completed', 'persisted', 'refused')),
    is_counted boolean NOT NULL DEFAULT false,  -- was part of a checkout.completed
    reason    text,
    PRIMARY KEY (order_id, campaign),
    CONSTRAINT refused_has_a_reason CHECK ((state = 'refused') = (reason IS NOT NULL))
);
CREATE INDEX order_campaigns_by_campaign ON order_campaigns (campaign, order_id);

-- Units of every tier in an order, limited or not: a tier that gets a limit tomorrow is
-- counted from here.
CREATE TABLE reservations (
    order_id text    NOT NULL REFERENCES orders,
    campaign text    NOT NULL,
    tier_id  text    NOT NULL,
    quantity integer NOT NULL CONSTRAINT quantity_is_positive CHECK (quantity > 0),
    state    text    NOT NULL DEFAULT 'reserved'
        CONSTRAINT reservation_state_known CHECK (state IN ('reserved', 'claimed', 'released')),
    PRIMARY KEY (order_id, campaign, tier_id)
);
CREATE INDEX reservations_held ON reservations (campaign, tier_id) WHERE state <> 'released';

-- Limited tiers only. `ceiling_total` is the limit, or what was already held when an author
-- lowered the limit below it: that means sold out, not an error.
CREATE TABLE tier_stock (
    campaign      text    NOT NULL,
    tier_id       text    NOT NULL,
    limit_total   integer NOT NULL CONSTRAINT limit_is_positive CHECK (limit_total > 0),
    ceiling_total integer NOT NULL,
    claimed       integer NOT NULL CONSTRAINT claimed_not_negative CHECK (claimed >= 0),
    reserved      integer NOT NULL CONSTRAINT reserved_not_negative CHECK (reserved >= 0),
    PRIMARY KEY (campaign, tier_id),
    CONSTRAINT ceiling_covers_limit CHECK (ceiling_total >= limit_total),
    CONSTRAINT never_oversold CHECK (claimed + reserved <= ceiling_total)
);

CREATE TABLE stock_versions (
    campaign text   PRIMARY KEY,
    version  bigint NOT NULL
);

-- Row first, then Stripe: one customer per supporter however often we crash between.
CREATE TABLE stripe_customers (
    supporter_id text PRIMARY KEY,
    email        text NOT NULL,
    customer_id  text,
    -- Grows only when Stripe answered with a failure of its own, which it then keeps under
    -- the key for a day.
    attempt      integer NOT NULL DEFAULT 1
);

CREATE TABLE stripe_events (
    event_id    text        PRIMARY KEY,
    event_type  text        NOT NULL,
    session_id  text,
    order_id    text,
    created_at  timestamptz NOT NULL,
    payload     bytea,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome     text
        CONSTRAINT stripe_event_outcome_known CHECK (outcome IN ('applied', 'ignored', 'parked')),
    error       text,
    attempts    integer     NOT NULL DEFAULT 0,
    due_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX stripe_events_due ON stripe_events (due_at) WHERE outcome IS NULL;
CREATE INDEX stripe_events_by_session ON stripe_events (session_id);

CREATE FUNCTION orders_only_go_forward() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.status <> OLD.status AND NOT (CASE OLD.status
        WHEN 'opening'   THEN NEW.status IN ('open', 'completed', 'too_late', 'expired', 'abandoned')
        WHEN 'open'      THEN NEW.status IN ('completed', 'too_late', 'expired', 'abandoned')
        -- Stripe completed what we believed over: its word wins.
        WHEN 'expired'   THEN NEW.status IN ('completed', 'too_late')
        WHEN 'abandoned' THEN NEW.status IN ('completed', 'too_late')
        WHEN 'completed' THEN NEW.status IN ('persisted', 'too_late')
        ELSE false
    END) THEN
        RAISE EXCEPTION 'an order cannot go from % to %', OLD.status, NEW.status;
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER orders_only_go_forward
    BEFORE UPDATE OF status ON orders
    FOR EACH ROW EXECUTE FUNCTION orders_only_go_forward();

GRANT SELECT, INSERT, UPDATE ON
    campaigns, platform_definition, campaign_totals, orders, order_campaigns, reservations,
    stock_versions, stripe_customers
    TO {service_role};
GRANT SELECT, INSERT, UPDATE, DELETE ON tier_stock TO {service_role};
GRANT SELECT, INSERT, UPDATE (outcome, error, attempts, due_at) ON stripe_events
    TO {service_role};
