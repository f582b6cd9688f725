-- What this service last saw of the streams it publishes to. A stream that was created
-- anew, or that counts less than before, has lost messages that were acknowledged: then
-- everything since it was last seen empty is published again, without anybody's help.
SET LOCAL lock_timeout = '5s';

CREATE TABLE stream_state (
    stream        text        PRIMARY KEY,
    created_at    timestamptz NOT NULL,
    last_sequence bigint      NOT NULL,
    emptied_at    timestamptz NOT NULL
);
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON stream_state TO {service_role};
