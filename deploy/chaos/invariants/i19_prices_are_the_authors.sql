-- I-19: what a thing costs comes from a definition, never from a browser.
-- holds: always
WITH sold AS (
    SELECT pledge.pledge_id, pledge.campaign, pledge.definition_version, line.kind, line.item_id,
        coalesce(line.variant_id, '') AS variant_id, line.unit_cents, line.counts_toward_goal,
        -- What stays in a pledge that was modified keeps the price of an earlier version.
        EXISTS (
            SELECT
            FROM pledges.pledge_history AS entry
            WHERE entry.pledge_id = pledge.pledge_id
              AND entry.entry_type = 'modified'
        ) AS is_modified
    FROM pledges.pledges AS pledge
    JOIN pledges.pledge_lines AS line USING (pledge_id)
    WHERE line.kind IN ('tier', 'add_on')
),
products AS (
    SELECT slug AS seller, version, product
    FROM site.campaign_versions
    CROSS JOIN LATERAL jsonb_array_elements(document #> '{definition,add_ons}') AS product
    UNION ALL
    SELECT '@platform', version, product
    FROM site.platform_versions
    CROSS JOIN LATERAL jsonb_array_elements(document #> '{definition,add_ons}') AS product
),
offered AS (
    SELECT slug AS seller, version, 'tier' AS kind, tier ->> 'tier_id' AS item_id,
        '' AS variant_id, (tier ->> 'price_cents')::bigint AS cents
    FROM site.campaign_versions
    CROSS JOIN LATERAL jsonb_array_elements(document #> '{definition,tiers}') AS tier
    UNION ALL
    SELECT seller, version, 'add_on', product ->> 'product_id', '',
        (product ->> 'price_cents')::bigint
    FROM products
    UNION ALL
    SELECT seller, version, 'add_on', product ->> 'product_id', variant ->> 'variant_id',
        coalesce(variant ->> 'price_cents', product ->> 'price_cents')::bigint
    FROM products
    CROSS JOIN LATERAL jsonb_array_elements(product -> 'variants') AS variant
)
SELECT format('%s was sold for %s, which version %s does not say',
        concat_ws(' ', item_id, nullif(variant_id, '')), unit_cents, definition_version) AS what,
    ARRAY[pledge_id, campaign] AS evidence
FROM sold
WHERE NOT EXISTS (
    SELECT
    FROM offered
    WHERE offered.seller
            = CASE WHEN sold.counts_toward_goal THEN sold.campaign ELSE '@platform' END
      AND (offered.kind, offered.item_id, offered.variant_id)
            = (sold.kind, sold.item_id, sold.variant_id)
      AND offered.cents = sold.unit_cents
      -- Of the platform's own rules a pledge does not say the version.
      AND (NOT sold.counts_toward_goal
           OR offered.version = sold.definition_version
           OR (sold.is_modified AND offered.version < sold.definition_version))
)
