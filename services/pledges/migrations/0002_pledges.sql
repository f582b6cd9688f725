-- The ledger. Every change to a pledge is one line of history with its deltas, written in
-- the same statement as the change; totals are sums of lines. A wrong line is never
-- edited: a correcting line follows it. What must not happen is refused here, whatever
-- the code above believes.
SET LOCAL lock_timeout = '5s';

CREATE TABLE supporters (
    supporter_id text        PRIMARY KEY,
    email        text        NOT NULL UNIQUE,
    known_since  timestamptz NOT NULL
);

CREATE TABLE pledges (
    pledge_id          text        PRIMARY KEY,
    order_id           text        NOT NULL,
    campaign           text        NOT NULL REFERENCES campaign_state,
    supporter_id       text        NOT NULL REFERENCES supporters,
    email              text        NOT NULL,
    language           text        NOT NULL,
    definition_version bigint      NOT NULL,
    status             text        NOT NULL,
    revision           integer     NOT NULL,
    goal_cents         bigint      NOT NULL,
    subtotal_cents     bigint      NOT NULL,
    shipping_cents     bigint      NOT NULL,
    tax_cents          bigint      NOT NULL,
    tip_percent        integer     NOT NULL,
    tip_cents          bigint      NOT NULL,
    total_cents        bigint      NOT NULL,
    tax_provider       text        NOT NULL,
    tax_rate           text        NOT NULL,
    shipping_source    text        NOT NULL,
    why                jsonb       NOT NULL,
    currency           text        NOT NULL,
    card               jsonb       NOT NULL,
    card_saved_at      timestamptz NOT NULL,
    shipping_address   jsonb,
    consent            jsonb,
    attribution        jsonb,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    cancelled_at       timestamptz,
    charged_at         timestamptz,
    charge_id          text,
    payment_intent_id  text,
    CONSTRAINT one_pledge_per_order_and_campaign UNIQUE (order_id, campaign),
    CONSTRAINT pledge_status_known
        CHECK (status IN ('active', 'cancelled', 'charged', 'payment_failed', 'released')),
    CONSTRAINT price_adds_up
        CHECK (total_cents = subtotal_cents + shipping_cents + tax_cents + tip_cents),
    -- A pledge of nothing would make a charge of nothing, and hold up its campaign's close.
    CONSTRAINT pledge_costs_something CHECK (total_cents > 0),
    CONSTRAINT price_not_negative
        CHECK (subtotal_cents >= 0 AND shipping_cents >= 0 AND tax_cents >= 0 AND tip_cents >= 0),
    CONSTRAINT tip_within_its_percent CHECK (
        tip_percent BETWEEN 0 AND 15 AND tip_cents <= (subtotal_cents * tip_percent + 50) / 100
    ),
    CONSTRAINT progress_within_subtotal CHECK (goal_cents BETWEEN 0 AND subtotal_cents),
    CONSTRAINT cancelled_has_its_time CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL)),
    CONSTRAINT charged_has_its_charge CHECK (
        (status = 'charged') = (charged_at IS NOT NULL)
        AND (status = 'charged') = (charge_id IS NOT NULL)
        AND (status = 'charged') = (payment_intent_id IS NOT NULL)
    )
);
CREATE INDEX pledges_by_supporter ON pledges (campaign, supporter_id);

CREATE FUNCTION pledge_moves_forward() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.pledge_id <> OLD.pledge_id OR NEW.order_id <> OLD.order_id
        OR NEW.campaign <> OLD.campaign OR NEW.created_at <> OLD.created_at THEN
        RAISE EXCEPTION 'pledge_identity_is_fixed: %', OLD.pledge_id;
    END IF;
    IF NEW.revision <> OLD.revision + 1 THEN
        RAISE EXCEPTION 'every_change_is_a_revision: % from % to %',
            OLD.pledge_id, OLD.revision, NEW.revision;
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        (OLD.status = 'active'
            AND NEW.status IN ('cancelled', 'charged', 'payment_failed', 'released'))
        OR (OLD.status = 'payment_failed' AND NEW.status = 'charged')
    ) THEN
        RAISE EXCEPTION 'pledge_status_moves_forward: % from % to %',
            OLD.pledge_id, OLD.status, NEW.status;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER pledge_moves_forward BEFORE UPDATE ON pledges
FOR EACH ROW EXECUTE FUNCTION pledge_moves_forward();

-- What a pledge contains now, one row per thing, so that tier counts can be proved.
CREATE TABLE pledge_lines (
    pledge_id          text    NOT NULL REFERENCES pledges,
    line_no            integer NOT NULL,
    kind               text    NOT NULL,
    item_id            text    NOT NULL,
    variant_id         text,
    label              text    NOT NULL,
    quantity           integer NOT NULL,
    unit_cents         bigint  NOT NULL,
    total_cents        bigint  NOT NULL,
    counts_toward_goal boolean NOT NULL,
    is_physical        boolean NOT NULL,
    PRIMARY KEY (pledge_id, line_no),
    CONSTRAINT line_kind_known
        CHECK (kind IN ('tier', 'support_item', 'custom_amount', 'add_on')),
    CONSTRAINT line_not_negative CHECK (quantity > 0 AND unit_cents >= 0 AND total_cents >= 0)
);

CREATE TABLE pledge_history (
    pledge_id               text        NOT NULL REFERENCES pledges,
    version                 integer     NOT NULL,
    previous_version        integer     GENERATED ALWAYS AS (NULLIF(version - 1, 0)) STORED,
    entry_type              text        NOT NULL,
    status                  text        NOT NULL,
    -- What makes this line the same line when its cause is told again.
    cause                   text        NOT NULL,
    count_delta             integer     NOT NULL,
    goal_delta_cents        bigint      NOT NULL,
    subtotal_delta_cents    bigint      NOT NULL,
    shipping_delta_cents    bigint      NOT NULL,
    tax_delta_cents         bigint      NOT NULL,
    tip_delta_cents         bigint      NOT NULL,
    total_delta_cents       bigint      NOT NULL,
    collected_delta_cents   bigint      NOT NULL,
    recovering_delta_cents  bigint      NOT NULL,
    tier_deltas             jsonb       NOT NULL,
    support_item_deltas     jsonb       NOT NULL,
    tip_percent             integer     NOT NULL,
    -- The selection after this line, where the line changed it.
    lines                   jsonb,
    charge_id               text,
    payment_intent_id       text,
    charged_cents           bigint,
    decline_code            text,
    recorded_at             timestamptz NOT NULL,
    PRIMARY KEY (pledge_id, version),
    CONSTRAINT one_line_per_cause UNIQUE (pledge_id, cause),
    CONSTRAINT history_has_no_gap
        FOREIGN KEY (pledge_id, previous_version) REFERENCES pledge_history (pledge_id, version),
    CONSTRAINT history_begins_at_one CHECK (version >= 1),
    CONSTRAINT entry_type_known CHECK (
        entry_type IN ('created', 'cancelled', 'charged', 'charge_failed', 'released')
    ),
    CONSTRAINT first_line_is_created CHECK ((version = 1) = (entry_type = 'created')),
    CONSTRAINT created_says_the_selection CHECK (entry_type <> 'created' OR lines IS NOT NULL),
    CONSTRAINT charged_says_the_charge CHECK (
        entry_type <> 'charged'
        OR (charge_id IS NOT NULL AND payment_intent_id IS NOT NULL AND charged_cents IS NOT NULL)
    ),
    CONSTRAINT deltas_add_up CHECK (
        total_delta_cents
            = subtotal_delta_cents + shipping_delta_cents + tax_delta_cents + tip_delta_cents
    )
);

-- Not deferrable: a pledge and its line are written by one statement, or not at all.
ALTER TABLE pledges ADD CONSTRAINT every_revision_has_its_line
    FOREIGN KEY (pledge_id, revision) REFERENCES pledge_history (pledge_id, version);

CREATE FUNCTION history_is_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history_is_append_only: % on %', TG_OP, TG_TABLE_NAME;
END $$;

CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pledge_history
FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();

-- Orders that were completed and cannot be pledges: with the pledges they are exactly
-- the set that checkout names when it has drained.
CREATE TABLE refused_orders (
    order_id     text        NOT NULL,
    campaign     text        NOT NULL REFERENCES campaign_state,
    pledge_id    text        NOT NULL,
    email        text        NOT NULL,
    reason       text        NOT NULL,
    completed_at timestamptz NOT NULL,
    refused_at   timestamptz NOT NULL,
    PRIMARY KEY (order_id, campaign),
    CONSTRAINT refusal_reason_known CHECK (reason IN ('closed', 'deadline_passed'))
);
CREATE INDEX refused_orders_by_campaign ON refused_orders (campaign);

CREATE VIEW whole_pledges AS
SELECT
    pledge_id, order_id, campaign, supporter_id, email, language, definition_version,
    status, revision, currency, card, card_saved_at, shipping_address, consent, attribution,
    created_at, updated_at, cancelled_at, charged_at, charge_id, payment_intent_id,
    jsonb_build_object(
        'goal_cents', goal_cents,
        'subtotal_cents', subtotal_cents,
        'shipping_cents', shipping_cents,
        'tax_cents', tax_cents,
        'tip_percent', tip_percent,
        'tip_cents', tip_cents,
        'total_cents', total_cents,
        'tax_provider', tax_provider,
        'tax_rate', tax_rate,
        'shipping_source', shipping_source,
        'why', why
    ) AS price,
    (
        SELECT coalesce(jsonb_agg(
            jsonb_build_object(
                'kind', line.kind,
                'item_id', line.item_id,
                'variant_id', line.variant_id,
                'label', line.label,
                'quantity', line.quantity,
                'unit_cents', line.unit_cents,
                'total_cents', line.total_cents,
                'counts_toward_goal', line.counts_toward_goal,
                'is_physical', line.is_physical
            ) ORDER BY line.line_no
        ), '[]')
        FROM pledge_lines AS line
        WHERE line.pledge_id = pledges.pledge_id
    ) AS lines
FROM pledges;

CREATE VIEW history_lines AS
SELECT
    pledge_id, version, entry_type, status, cause, tip_percent, lines, charge_id,
    payment_intent_id, charged_cents, decline_code, recorded_at,
    jsonb_build_object(
        'pledge_count', count_delta,
        'pledged_cents', goal_delta_cents,
        'subtotal_cents', subtotal_delta_cents,
        'shipping_cents', shipping_delta_cents,
        'tax_cents', tax_delta_cents,
        'tip_cents', tip_delta_cents,
        'total_cents', total_delta_cents,
        'collected_cents', collected_delta_cents,
        'recovering_cents', recovering_delta_cents,
        'tier_counts', tier_deltas,
        'support_item_cents', support_item_deltas
    ) AS delta
FROM pledge_history;

GRANT SELECT, INSERT ON supporters, pledge_lines, pledge_history, refused_orders
    TO {service_role};
GRANT SELECT, INSERT ON pledges TO {service_role};
GRANT UPDATE (
    status, revision, updated_at, cancelled_at, charged_at, charge_id, payment_intent_id
) ON pledges TO {service_role};
GRANT SELECT ON whole_pledges, history_lines TO {service_role};
