-- A pledge's card may change: its supporter saves another, or its bank renews it. Like every
-- change that is a line of history, with the card as it is from then on; nothing is edited.
SET LOCAL lock_timeout = '5s';

ALTER TABLE pledge_history
    ADD COLUMN card jsonb,
    DROP CONSTRAINT entry_type_known,
    ADD CONSTRAINT entry_type_known CHECK (
        entry_type IN ('created', 'cancelled', 'charged', 'charge_failed', 'released',
            'card_changed')
    ),
    ADD CONSTRAINT card_change_says_the_card
        CHECK (entry_type <> 'card_changed' OR card IS NOT NULL),
    ADD CONSTRAINT card_change_moves_no_money CHECK (
        entry_type <> 'card_changed'
        OR (count_delta = 0 AND goal_delta_cents = 0 AND total_delta_cents = 0
            AND collected_delta_cents = 0 AND recovering_delta_cents = 0)
    );

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
        'tier_counts', tier_deltas,
        'support_item_cents', support_item_deltas
    ) AS delta,
    card
FROM pledge_history;

GRANT UPDATE (card, card_saved_at) ON pledges TO {service_role};
