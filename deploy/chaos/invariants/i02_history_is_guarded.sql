-- I-2: nobody but the owner could rewrite what was written down once.
-- holds: always
WITH append_only (role, relation) AS (VALUES
    ('pool_pledges', 'pledges.pledge_history'),
    ('pool_pledges', 'pledges.totals_corrections'),
    ('pool_pledges', 'pledges.refused_orders'),
    ('pool_pledges', 'pledges.pledge_money'),
    ('pool_settlement', 'settlement.closings'),
    ('pool_settlement', 'settlement.fees'),
    ('pool_settlement', 'settlement.refund_requests'),
    ('pool_notify', 'notify.deliveries'),
    ('pool_site', 'site.campaign_versions')
)
SELECT format('%s may %s %s', role, right_to, relation) AS what, ARRAY[relation] AS evidence
FROM append_only
CROSS JOIN (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS wanted (right_to)
WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = role)
  AND has_table_privilege(role, relation, right_to)
UNION ALL
SELECT format('%s may rewrite the body of its outbox', rolname), ARRAY[nspname || '.outbox']
FROM pg_roles
JOIN pg_namespace ON rolname = 'pool_' || nspname
WHERE nspname IN ('checkout', 'pledges', 'settlement', 'notify', 'site')
  AND (has_any_column_privilege(rolname, nspname || '.outbox', 'UPDATE')
       AND has_column_privilege(rolname, nspname || '.outbox', 'payload', 'UPDATE')
       OR has_table_privilege(rolname, nspname || '.outbox', 'DELETE'))
