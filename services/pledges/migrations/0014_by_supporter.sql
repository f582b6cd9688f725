-- A supporter may ask for everything we hold about them, in whatever campaigns.
SET LOCAL lock_timeout = '5s';

CREATE INDEX pledges_of_supporter ON pledges (supporter_id);
