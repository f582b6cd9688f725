-- I-20: what site shows of totals and stock is what their owners last said.
-- holds: at rest
SELECT format('site shows totals %s, the ledger is at %s', coalesce(totals_version, 0),
        totals.version) AS what,
    ARRAY[campaign] AS evidence
FROM (SELECT campaign, version FROM pledges.campaign_totals) AS totals
LEFT JOIN site.campaign_figures ON slug = campaign
WHERE coalesce(totals_version, 0) <> totals.version
UNION ALL
SELECT format('site shows stock %s, checkout is at %s', coalesce(stock_version, 0),
        stock_versions.version),
    ARRAY[shelf]
FROM checkout.stock_versions
LEFT JOIN site.campaign_figures ON slug = shelf
WHERE shelf <> '@platform'
  AND coalesce(stock_version, 0) <> stock_versions.version
UNION ALL
SELECT format('site shows add-on stock %s, checkout is at %s', coalesce(add_on_stock.version, 0),
        stock_versions.version),
    ARRAY[shelf]
FROM checkout.stock_versions
LEFT JOIN site.add_on_stock ON true
WHERE shelf = '@platform'
  AND coalesce(add_on_stock.version, 0) <> stock_versions.version
UNION ALL
SELECT format('site shows %s pledges and %s cents, the ledger has %s and %s',
        figures.totals ->> 'pledge_count', figures.totals ->> 'pledged_cents',
        pledge_count, pledged_cents),
    ARRAY[campaign]
FROM pledges.campaign_totals
JOIN site.campaign_figures AS figures ON slug = campaign
WHERE figures.totals_version = campaign_totals.version
  AND campaign_totals.version > 0
  AND (figures.totals ->> 'pledge_count' IS DISTINCT FROM pledge_count::text
       OR figures.totals ->> 'pledged_cents' IS DISTINCT FROM pledged_cents::text)
