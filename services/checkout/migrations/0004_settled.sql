-- When a campaign was settled: from then on what its author left open can be had again. Said
-- once by settlement; sums could tell it only until the first refund.
SET LOCAL lock_timeout = '5s';

CREATE TABLE campaign_settlements (
    campaign   text        PRIMARY KEY,
    settled_at timestamptz NOT NULL
);

CREATE OR REPLACE VIEW campaign_endings AS
SELECT campaign, is_funded AND settled_at IS NOT NULL AS is_settled
FROM campaign_outcomes
LEFT JOIN campaign_settlements USING (campaign);

GRANT SELECT, INSERT ON campaign_settlements TO {service_role};
