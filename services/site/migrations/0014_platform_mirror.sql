-- Settings that were saved in the dashboard become commits of the content repository, as the
-- campaigns' texts do. Those that came from the folder are there already.
SET LOCAL lock_timeout = '5s';

ALTER TABLE platform_texts ADD COLUMN mirrored_at timestamptz;
UPDATE platform_texts SET mirrored_at = published_at WHERE origin = 'folder';

GRANT UPDATE (mirrored_at) ON platform_texts TO {service_role};
