-- Who was declined, or withdrew, among a hundred thousand who did not.
SET LOCAL lock_timeout = '5s';

CREATE INDEX pledges_by_state ON pledges (campaign, status, created_at, pledge_id);
