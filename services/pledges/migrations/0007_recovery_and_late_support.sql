-- A declined charge has a recovery with an end: paid after all, or lost for good. And what is
-- given after a funded end is charged at once and counted beside the goal's total, so that
-- the final count stays what it was.
SET LOCAL lock_timeout = '5s';

ALTER TABLE pledges
    ADD COLUMN is_late  boolean NOT NULL DEFAULT false,
    -- How the recovery stands, as settlement told it last.
    ADD COLUMN recovery jsonb,
    ADD COLUMN lost_at  timestamptz,
    ADD CONSTRAINT only_unpaid_is_lost CHECK (lost_at IS NULL OR status = 'payment_failed');

ALTER TABLE pledge_history
    ADD COLUMN lost_delta_cents bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT entry_type_known,
    ADD CONSTRAINT entry_type_known CHECK (
        entry_type IN ('created', 'cancelled', 'charged', 'charge_failed', 'released',
            'card_changed', 'lost')
    );

ALTER TABLE campaign_totals
    ADD COLUMN lost_cents         bigint NOT NULL DEFAULT 0,
    ADD COLUMN late_support_cents bigint NOT NULL DEFAULT 0;

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
    is_late, recovery, lost_at
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
        'tier_counts', tier_deltas,
        'support_item_cents', support_item_deltas
    ) AS delta,
    card
FROM pledge_history;

GRANT UPDATE (recovery, lost_at) ON pledges TO {service_role};
