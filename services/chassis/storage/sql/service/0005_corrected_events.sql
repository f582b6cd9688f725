-- A person may correct an event that cannot be applied, or give it up. What came stays as it
-- came: the correction stands beside it, with who made it, and a retry takes the correction.
SET LOCAL lock_timeout = '5s';

ALTER TABLE parked_events
    ADD COLUMN fixed_payload bytea,
    ADD COLUMN fixed_at      timestamptz,
    ADD COLUMN fixed_by      text,
    ADD COLUMN given_up_at   timestamptz,
    ADD CONSTRAINT parked_fix_is_whole
        CHECK (num_nulls(fixed_payload, fixed_at, fixed_by) IN (0, 3));

GRANT UPDATE (fixed_payload, fixed_at, fixed_by, given_up_at) ON parked_events
    TO {service_role};
