-- What somebody may do has versions: who is told of it by the newest one knows what holds.
SET LOCAL lock_timeout = '5s';

ALTER TABLE admin_users ADD COLUMN version integer NOT NULL DEFAULT 0;
GRANT UPDATE (version) ON admin_users TO {service_role};
