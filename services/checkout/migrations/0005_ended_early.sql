-- A campaign that its operator ended early has its deadline then, whatever is published of it
-- afterwards: what is open is ended and drained as at any deadline.
SET LOCAL lock_timeout = '5s';

ALTER TABLE campaigns ADD COLUMN cancelled_at timestamptz;
