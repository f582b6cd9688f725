-- I-3: amount = subtotal + shipping + tax + tip, none negative, the tip within its percent;
-- and the ledger holds the price that checkout computed.
-- holds: always
SELECT 'the price does not add up' AS what, ARRAY[pledge_id, campaign] AS evidence
FROM pledges.pledges
WHERE total_cents <> subtotal_cents + shipping_cents + tax_cents + tip_cents
   OR least(subtotal_cents, shipping_cents, tax_cents, tip_cents) < 0
   OR tip_percent NOT BETWEEN 0 AND 15
   OR tip_cents > (subtotal_cents * tip_percent + 50) / 100
UNION ALL
SELECT format('lines come to %s, the subtotal is %s', sum(line.total_cents), subtotal_cents),
    ARRAY[pledge_id, campaign]
FROM pledges.pledges
JOIN pledges.pledge_lines AS line USING (pledge_id)
GROUP BY pledge_id, campaign, subtotal_cents
HAVING sum(line.total_cents) <> subtotal_cents
UNION ALL
SELECT format('a line of %s × %s comes to %s', quantity, unit_cents, total_cents),
    ARRAY[pledge_id, item_id]
FROM pledges.pledge_lines
WHERE total_cents <> quantity * unit_cents
UNION ALL
SELECT format('%s was priced at %s and written down as %s', figure, priced, written),
    ARRAY[created.pledge_id, share.value ->> 'campaign']
FROM pledges.pledge_history AS created
JOIN pledges.pledges AS pledge USING (pledge_id)
JOIN checkout.orders USING (order_id)
CROSS JOIN LATERAL jsonb_array_elements(orders.pledges) AS share
CROSS JOIN LATERAL (VALUES
    ('subtotal', share.value #>> '{price,subtotal_cents}', subtotal_delta_cents::text),
    ('shipping', share.value #>> '{price,shipping_cents}', shipping_delta_cents::text),
    ('tax', share.value #>> '{price,tax_cents}', tax_delta_cents::text),
    ('tip', share.value #>> '{price,tip_cents}', tip_delta_cents::text),
    ('total', share.value #>> '{price,total_cents}', total_delta_cents::text),
    ('goal', share.value #>> '{price,goal_cents}', goal_delta_cents::text)
) AS told (figure, priced, written)
WHERE created.version = 1
  AND share.value ->> 'pledge_id' = created.pledge_id
  AND priced IS DISTINCT FROM written
UNION ALL
SELECT format('the order says %s, its pledges %s', orders.total_cents, sum(priced.cents)),
    ARRAY[order_id]
FROM checkout.orders
CROSS JOIN LATERAL (
    SELECT (share.value #>> '{price,total_cents}')::bigint AS cents
    FROM jsonb_array_elements(orders.pledges) AS share
) AS priced
GROUP BY order_id, orders.total_cents
HAVING orders.total_cents <> sum(priced.cents)
