-- I-19: what a thing costs comes from the campaign's definition, never from a browser.
-- holds: always
SELECT format('%s costs %s in version %s, it was sold for %s', line.item_id,
        coalesce(price.cents::text, 'nothing known'), pledge.definition_version,
        line.unit_cents) AS what,
    ARRAY[pledge_id, pledge.campaign] AS evidence
FROM pledges.pledges AS pledge
JOIN pledges.pledge_lines AS line USING (pledge_id)
LEFT JOIN LATERAL (
    SELECT (tier ->> 'price_cents')::bigint AS cents
    FROM site.campaign_versions AS published
    CROSS JOIN LATERAL jsonb_array_elements(document #> '{definition,tiers}') AS tier
    WHERE published.slug = pledge.campaign
      AND published.version = pledge.definition_version
      AND tier ->> 'tier_id' = line.item_id
) AS price ON true
WHERE line.kind = 'tier'
  AND line.unit_cents IS DISTINCT FROM price.cents
