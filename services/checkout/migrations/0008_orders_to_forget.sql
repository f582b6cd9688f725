-- An order of which no pledge came forgets its person after a while. The index holds those that
-- have one still, so that looking for them every hour does not read every order there ever was.
SET LOCAL lock_timeout = '5s';

-- The platform's time.
ALTER TABLE orders ADD COLUMN forgotten_at timestamptz;
CREATE INDEX orders_to_forget ON orders (created_at)
    WHERE status IN ('expired', 'abandoned', 'too_late') AND forgotten_at IS NULL;
