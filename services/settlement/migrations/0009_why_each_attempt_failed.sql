-- What came of each attempt, by the attempt: a charge keeps only its latest decline's class.
SET LOCAL lock_timeout = '5s';

ALTER TABLE charge_attempts
    ADD COLUMN because    text,
    ADD COLUMN error_type text;

GRANT UPDATE (because, error_type) ON charge_attempts TO {service_role};
