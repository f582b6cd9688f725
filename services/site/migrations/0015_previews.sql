-- A link to look at a working copy, for a day: the text as it was when the link was made, so
-- that whoever was sent it sees what was meant. The secret is kept as a digest alone.
SET LOCAL lock_timeout = '5s';

CREATE TABLE campaign_previews (
    preview_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug         text        NOT NULL,
    token_sha256 bytea       NOT NULL UNIQUE,
    source       text        NOT NULL,
    made_by      text        NOT NULL,
    made_at      timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);

GRANT SELECT, INSERT ON campaign_previews TO {service_role};
