-- Money that moved after a charge has rows of its own, which are only ever added: what was
-- taken and what Stripe kept of it, what went back, what a bank withdrew. What a supporter
-- gave that went back is collected no more, and stays pledged.
SET LOCAL lock_timeout = '5s';

CREATE TABLE pledge_money (
    pledge_id   text        NOT NULL REFERENCES pledges,
    kind        text        NOT NULL
        CONSTRAINT money_kind_known CHECK (kind IN (
            'gross', 'fee', 'refund', 'refund_failed', 'dispute', 'dispute_fee'
        )),
    -- What tells one movement from another: a balance transaction, a refund, a dispute's version.
    source      text        NOT NULL,
    charge_id   text        NOT NULL,
    -- To us, or from us.
    cents       bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (pledge_id, kind, source)
);
CREATE INDEX pledge_money_by_charge ON pledge_money (charge_id, kind);

CREATE FUNCTION money_is_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'money_is_append_only: % on %', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER money_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pledge_money
FOR EACH STATEMENT EXECUTE FUNCTION money_is_append_only();

-- The newest version we have heard of each dispute: an older one changes nothing any more.
CREATE TABLE pledge_disputes (
    dispute_id text   PRIMARY KEY,
    version    bigint NOT NULL
);

ALTER TABLE pledges
    -- How much of what was charged is not with us any more: refunded, or withdrawn by a bank.
    ADD COLUMN returned_cents bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT only_what_was_charged_returns
        CHECK (returned_cents >= 0 AND (returned_cents = 0 OR status = 'charged'));

-- The part of the goal's sum that went back with it: in proportion, halves up, never more.
CREATE FUNCTION goal_returned(goal bigint, total bigint, returned bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (2 * goal * least(returned, total) + total) / (2 * total) $$;

ALTER TABLE pledge_history
    ADD COLUMN returned_delta_cents bigint NOT NULL DEFAULT 0,
    -- What went back with this line, or came to us again (negative); tip and tax included.
    ADD COLUMN moved_cents          bigint,
    DROP CONSTRAINT entry_type_known,
    ADD CONSTRAINT entry_type_known CHECK (
        entry_type IN ('created', 'cancelled', 'charged', 'charge_failed', 'released',
            'card_changed', 'lost', 'refunded', 'refund_failed', 'disputed', 'dispute_closed')
    ),
    ADD CONSTRAINT what_returns_was_collected
        CHECK (returned_delta_cents = 0 OR returned_delta_cents = -collected_delta_cents);

ALTER TABLE campaign_totals ADD COLUMN returned_cents bigint NOT NULL DEFAULT 0;

CREATE OR REPLACE VIEW whole_pledges AS
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
    ) || price_details AS price,
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
                'is_physical', line.is_physical,
                'answers', line.answers
            ) ORDER BY line.line_no
        ), '[]')
        FROM pledge_lines AS line
        WHERE line.pledge_id = pledges.pledge_id
    ) AS lines,
    is_late, recovery, lost_at, returned_cents
FROM pledges;

CREATE OR REPLACE VIEW history_lines AS
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
        'lost_cents', lost_delta_cents,
        'returned_cents', returned_delta_cents,
        'tier_counts', tier_deltas,
        'support_item_cents', support_item_deltas
    ) AS delta,
    card, moved_cents
FROM pledge_history;

GRANT SELECT, INSERT ON pledge_money TO {service_role};
GRANT SELECT, INSERT, UPDATE ON pledge_disputes TO {service_role};
GRANT UPDATE (returned_cents) ON pledges TO {service_role};
