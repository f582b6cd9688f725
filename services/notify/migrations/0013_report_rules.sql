-- When reports are sent and what is in them is the platform's to say; nothing said is as before.
SET LOCAL lock_timeout = '5s';

ALTER TABLE platform_names ADD COLUMN reports jsonb NOT NULL DEFAULT '{}';
