-- What the ledger knows of each campaign, in four rows that are locked by different
-- people. `campaign_state` is locked by everybody who changes a pledge (FOR SHARE) and by
-- the close (FOR UPDATE), so it holds no counters; counters live in `campaign_totals`,
-- which every transaction touches last. One row for both deadlocks (measured).
SET LOCAL lock_timeout = '5s';

CREATE TABLE campaigns (
    campaign     text        PRIMARY KEY,
    version      bigint      NOT NULL,
    title        text        NOT NULL,
    definition   jsonb       NOT NULL,
    published_at timestamptz NOT NULL
);

CREATE TABLE campaign_state (
    campaign            text        PRIMARY KEY REFERENCES campaigns,
    starts_at           timestamptz NOT NULL,
    deadline_at         timestamptz NOT NULL,
    goal_cents          bigint      NOT NULL,
    currency            text        NOT NULL,
    state               text        NOT NULL DEFAULT 'open',
    -- Real time, not the platform's: it measures how long people have waited.
    closing_since       timestamptz,
    closed_at           timestamptz,
    final_pledged_cents bigint,
    is_funded           boolean,
    CONSTRAINT campaign_state_known CHECK (state IN ('open', 'closing', 'closed')),
    CONSTRAINT goal_not_negative CHECK (goal_cents >= 0),
    CONSTRAINT starts_before_deadline CHECK (starts_at < deadline_at),
    CONSTRAINT closing_since_is_known CHECK (state = 'open' OR closing_since IS NOT NULL),
    CONSTRAINT closed_is_complete CHECK (
        (state = 'closed') = (closed_at IS NOT NULL)
        AND (state = 'closed') = (final_pledged_cents IS NOT NULL)
        AND (state = 'closed') = (is_funded IS NOT NULL)
    ),
    CONSTRAINT funded_means_goal_reached CHECK (
        is_funded = (goal_cents > 0 AND final_pledged_cents >= goal_cents)
    ),
    -- What a charge request points at: it can only exist for a funded campaign.
    CONSTRAINT campaign_and_outcome UNIQUE (campaign, is_funded)
);

CREATE FUNCTION campaign_state_moves_forward() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'closed' THEN
        RAISE EXCEPTION 'closed_is_final: % was closed at %', OLD.campaign, OLD.closed_at;
    END IF;
    IF OLD.state = 'closing' AND NEW.state = 'open' THEN
        RAISE EXCEPTION 'campaign_state_moves_forward: % is closing', OLD.campaign;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER campaign_state_moves_forward BEFORE UPDATE ON campaign_state
FOR EACH ROW EXECUTE FUNCTION campaign_state_moves_forward();

-- What we heard about a campaign's end. Apart from `campaign_state`, because a consumer's
-- batch already holds shared locks there, and widening one deadlocks with a cancellation.
CREATE TABLE closing_signals (
    campaign          text        PRIMARY KEY REFERENCES campaigns,
    deadline_heard_at timestamptz,
    drained_count     bigint,
    drained_hash      text,
    drained_said_at   timestamptz,
    CONSTRAINT drained_is_complete CHECK (
        (drained_count IS NULL) = (drained_hash IS NULL)
        AND (drained_count IS NULL) = (drained_said_at IS NULL)
    )
);

CREATE TABLE campaign_totals (
    campaign           text   PRIMARY KEY REFERENCES campaigns,
    version            bigint NOT NULL DEFAULT 0,
    pledge_count       bigint NOT NULL DEFAULT 0,
    supporter_count    bigint NOT NULL DEFAULT 0,
    pledged_cents      bigint NOT NULL DEFAULT 0,
    subtotal_cents     bigint NOT NULL DEFAULT 0,
    shipping_cents     bigint NOT NULL DEFAULT 0,
    tax_cents          bigint NOT NULL DEFAULT 0,
    tip_cents          bigint NOT NULL DEFAULT 0,
    total_cents        bigint NOT NULL DEFAULT 0,
    collected_cents    bigint NOT NULL DEFAULT 0,
    recovering_cents   bigint NOT NULL DEFAULT 0,
    tier_counts        jsonb  NOT NULL DEFAULT '{}',
    support_item_cents jsonb  NOT NULL DEFAULT '{}',
    updated_at         timestamptz,
    CONSTRAINT totals_add_up
        CHECK (total_cents = subtotal_cents + shipping_cents + tax_cents + tip_cents)
);

-- A total that was found wrong and by how much: corrected by a further version, in public.
CREATE TABLE totals_corrections (
    campaign     text        NOT NULL REFERENCES campaigns,
    version      bigint      NOT NULL,
    before       jsonb       NOT NULL,
    after        jsonb       NOT NULL,
    corrected_at timestamptz NOT NULL,
    PRIMARY KEY (campaign, version)
);

GRANT SELECT, INSERT, UPDATE ON campaigns, campaign_state, closing_signals, campaign_totals
    TO {service_role};
GRANT SELECT, INSERT ON totals_corrections TO {service_role};
