-- When the card of a request was saved: settlement may have heard of a newer one before, or
-- not have heard of this one yet. Null for what was asked before this was kept.
SET LOCAL lock_timeout = '5s';

ALTER TABLE charge_requests ADD COLUMN card_saved_at timestamptz;
