-- When nothing of a funded campaign was left to be charged: settlement says it once.
SET LOCAL lock_timeout = '5s';

ALTER TABLE campaign_figures ADD COLUMN settled_at timestamptz;
