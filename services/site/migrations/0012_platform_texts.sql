-- What `platform.yml` said, each time it became the one in force: kept whole, with its remarks,
-- never rewritten. The file in the folder is a copy, as it is of the campaigns' texts.
SET LOCAL lock_timeout = '5s';

CREATE TABLE platform_texts (
    text_id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version      integer     NOT NULL,
    source       text        NOT NULL,
    sha256       text        NOT NULL,
    author       text        NOT NULL,
    origin       text        NOT NULL,
    published_at timestamptz NOT NULL,
    CONSTRAINT platform_text_origin_known CHECK (origin IN ('dashboard', 'folder'))
);

GRANT SELECT, INSERT ON platform_texts TO {service_role};
