-- The dashboard's table of pledges: by date, by amount, by address, each page by an index, so
-- that the last of a hundred thousand pledges is as near as the first.
SET LOCAL lock_timeout = '5s';

CREATE INDEX pledges_by_creation ON pledges (campaign, created_at, pledge_id);
CREATE INDEX pledges_by_amount ON pledges (campaign, total_cents, pledge_id);
CREATE INDEX pledges_by_email ON pledges (campaign, email COLLATE "C", pledge_id);
