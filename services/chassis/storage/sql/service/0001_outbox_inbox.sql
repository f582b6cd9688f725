-- The guarantee every service rests on: an event exists if and only if its fact
-- committed, and an event heard twice counts once. The outbox is the history we trust,
-- so a service can add to it and mark what was sent, never rewrite what it said.
SET LOCAL lock_timeout = '5s';

CREATE TABLE outbox (
    outbox_id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id          text        NOT NULL UNIQUE,
    subject           text        NOT NULL,
    event_type        text        NOT NULL,
    aggregate_id      text        NOT NULL,
    aggregate_version bigint      NOT NULL,
    payload           bytea       NOT NULL,
    headers           jsonb       NOT NULL,
    queued_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at      timestamptz
);
CREATE INDEX outbox_unpublished ON outbox (outbox_id) WHERE published_at IS NULL;

CREATE TABLE inbox (
    consumer    text        NOT NULL,
    event_id    text        NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, event_id)
);

CREATE TABLE parked_events (
    parked_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer    text        NOT NULL,
    subject     text        NOT NULL,
    event_id    text        NOT NULL,
    payload     bytea       NOT NULL,
    headers     jsonb       NOT NULL,
    error       text        NOT NULL,
    deliveries  integer     NOT NULL,
    parked_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    resolved_at timestamptz,
    CONSTRAINT parked_once UNIQUE (consumer, event_id)
);

GRANT USAGE ON SCHEMA {schema} TO {service_role};
GRANT SELECT, INSERT ON outbox TO {service_role};
GRANT UPDATE (published_at) ON outbox TO {service_role};
GRANT SELECT, INSERT, DELETE ON inbox TO {service_role};
GRANT SELECT, INSERT ON parked_events TO {service_role};
GRANT UPDATE (resolved_at, error, deliveries) ON parked_events TO {service_role};
GRANT SELECT ON schema_migrations TO {service_role};
