-- A campaign that its operator ended before its deadline: nobody is charged, whatever it had.
SET LOCAL lock_timeout = '5s';

ALTER TABLE campaign_figures ADD COLUMN cancelled_at timestamptz;
