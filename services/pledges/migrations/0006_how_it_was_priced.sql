-- How a pledge's tax and postage came about is a part of its price: which rate of which list,
-- which parcels, which way of posting. Prices of before have nothing to tell.
SET LOCAL lock_timeout = '5s';

ALTER TABLE pledges ADD COLUMN price_details jsonb NOT NULL DEFAULT '{}';

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
    ) AS lines
FROM pledges;
