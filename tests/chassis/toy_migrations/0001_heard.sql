-- What the toy heard, once for each time its handler committed.
SET LOCAL lock_timeout = '5s';

CREATE TABLE heard (
    heard_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id  text        NOT NULL,
    what      text        NOT NULL,
    heard_at  timestamptz NOT NULL
);
GRANT SELECT, INSERT ON heard TO {service_role};
