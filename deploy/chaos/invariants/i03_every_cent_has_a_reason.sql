-- I-3: the reasons of each figure add up to it, and the parcels to the postage.
-- holds: always
SELECT format('the reasons of %s come to %s, it is %s', figure, told.cents, charged.cents) AS what,
    ARRAY[pledge_id, campaign] AS evidence
FROM pledges.pledges
CROSS JOIN LATERAL (
    SELECT why.value ->> 'figure' AS figure,
        sum((why.value #>> '{inputs,cents}')::bigint) AS cents
    FROM jsonb_array_elements(pledges.why) AS why
    GROUP BY why.value ->> 'figure'
) AS told
JOIN LATERAL (VALUES
    ('subtotal', subtotal_cents),
    ('shipping', shipping_cents),
    ('tax', tax_cents),
    ('tip', tip_cents),
    ('amount', total_cents)
) AS charged (figure, cents) USING (figure)
WHERE told.cents <> charged.cents
UNION ALL
SELECT format('the parcels come to %s, the postage is %s', parcels.cents, shipping_cents),
    ARRAY[pledge_id, campaign]
FROM pledges.pledges
CROSS JOIN LATERAL (
    SELECT sum((parcel.value ->> 'cents')::bigint) AS cents
    FROM jsonb_array_elements(price_details -> 'shipments') AS parcel
) AS parcels
WHERE parcels.cents <> shipping_cents
