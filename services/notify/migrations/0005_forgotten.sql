-- Whoever asks to be forgotten is no longer the addressee of what was sent to them.
SET LOCAL lock_timeout = '5s';

GRANT UPDATE (recipient, address, facts) ON mails TO {service_role};
