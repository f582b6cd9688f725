-- I-8: at every instant nobody holds more of a limited tier than there is.
-- holds: always
SELECT format('%s claimed and %s reserved of %s', claimed, reserved, ceiling_total) AS what,
    ARRAY[campaign, tier_id] AS evidence
FROM checkout.tier_stock
WHERE claimed < 0 OR reserved < 0 OR claimed + reserved > ceiling_total
UNION ALL
SELECT format('%s %s, the orders hold %s', told.counted, told.state, coalesce(held.quantity, 0)),
    ARRAY[tier_stock.campaign, tier_stock.tier_id]
FROM checkout.tier_stock
CROSS JOIN LATERAL (VALUES ('claimed', claimed), ('reserved', reserved)) AS told (state, counted)
LEFT JOIN LATERAL (
    SELECT sum(quantity) AS quantity
    FROM checkout.reservations AS each
    WHERE each.campaign = tier_stock.campaign
      AND each.tier_id = tier_stock.tier_id
      AND each.state = told.state
) AS held ON true
WHERE told.counted <> coalesce(held.quantity, 0)
