-- I-8: at every instant nobody holds more of a limited thing than there is.
-- holds: always
SELECT format('%s claimed and %s reserved of %s', claimed, reserved, ceiling_total) AS what,
    ARRAY[shelf, kind, item_id, variant_id] AS evidence
FROM checkout.stock
WHERE claimed < 0 OR reserved < 0 OR claimed + reserved > ceiling_total
UNION ALL
SELECT format('%s %s, the orders hold %s', told.counted, told.state, coalesce(held.quantity, 0)),
    ARRAY[stock.shelf, stock.kind, stock.item_id, stock.variant_id]
FROM checkout.stock
CROSS JOIN LATERAL (VALUES ('claimed', claimed), ('reserved', reserved)) AS told (state, counted)
LEFT JOIN LATERAL (
    SELECT sum(quantity) AS quantity
    FROM checkout.reservations AS each
    WHERE each.shelf = stock.shelf
      AND each.kind = stock.kind
      AND each.item_id = stock.item_id
      AND each.variant_id = stock.variant_id
      AND each.state = told.state
) AS held ON true
WHERE told.counted <> coalesce(held.quantity, 0)
