-- What an operator needs at night: which events wait for a person, who did what about
-- them, and an end to what is too old to matter. An event whose aggregate has an event
-- parked waits behind it, here and not on the bus, where waiting would use up deliveries.
SET LOCAL lock_timeout = '5s';

ALTER TABLE parked_events
    ADD COLUMN is_waiting        boolean NOT NULL DEFAULT false,
    ADD COLUMN aggregate_id      text    NOT NULL DEFAULT '',
    ADD COLUMN aggregate_version bigint  NOT NULL DEFAULT 0;
UPDATE parked_events SET aggregate_id = coalesce(headers ->> 'Pool-Aggregate', '');
CREATE INDEX parked_unresolved ON parked_events (consumer, aggregate_id)
    WHERE resolved_at IS NULL;
GRANT UPDATE (is_waiting) ON parked_events TO {service_role};

CREATE TABLE operator_actions (
    action_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    action    text        NOT NULL,
    done_by   text        NOT NULL,
    done_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    details   jsonb       NOT NULL
);
GRANT SELECT, INSERT ON operator_actions TO {service_role};

-- Real time, as everything about delivery. An inbox forgets a week after every outbox
-- has: else a replay could bring back an event that its listener no longer remembers.
CREATE FUNCTION outbox_retention() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT interval '30 days' $$;

CREATE FUNCTION inbox_retention() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT interval '37 days' $$;

-- The owner's right lent for this one purpose: the service itself can delete no event.
CREATE FUNCTION forget_published(at_most integer) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = {schema}, pg_temp
AS $$
    WITH old AS (
        SELECT outbox_id
        FROM outbox
        WHERE published_at < clock_timestamp() - outbox_retention()
          AND queued_at < clock_timestamp() - outbox_retention()
        ORDER BY published_at
        LIMIT at_most
    ), gone AS (
        DELETE FROM outbox USING old WHERE outbox.outbox_id = old.outbox_id RETURNING 1
    )
    SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION forget_published(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_published(integer) TO {service_role};

CREATE INDEX inbox_applied ON inbox (applied_at);
