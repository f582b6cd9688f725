-- What was uploaded. A file is named by its bytes and may belong to several campaigns; it stays
-- while one of them has it or a page names it. All times are real time: these are files, not
-- business. Bytes are in the media folder, never here: a backup of both is in docs/media.md.
SET LOCAL lock_timeout = '5s';

CREATE TABLE media_files (
    name         text        PRIMARY KEY,
    family       text        NOT NULL,
    media_type   text        NOT NULL,
    bytes        bigint      NOT NULL,
    width        integer,
    height       integer,
    state        text        NOT NULL,
    widths       integer[]   NOT NULL,  -- the sizes that are there
    attempts     integer     NOT NULL,
    leased_until timestamptz,
    trouble      text        NOT NULL,
    stored_at    timestamptz NOT NULL,
    gone_at      timestamptz,
    CONSTRAINT media_family_known CHECK (family IN ('picture', 'film', 'sound')),
    CONSTRAINT media_state_known CHECK (state IN ('processing', 'ready', 'failed')),
    CONSTRAINT media_picture_has_size CHECK (family <> 'picture' OR width > 0 AND height > 0)
);
CREATE INDEX media_files_to_scale ON media_files (stored_at) WHERE state = 'processing';

-- `campaign` is a slug, or `platform` for what is the platform's own.
CREATE TABLE media_items (
    item_id      text        PRIMARY KEY,  -- grows with time
    campaign     text        NOT NULL,
    name         text        NOT NULL REFERENCES media_files,
    label        text        NOT NULL,
    alt          text        NOT NULL,
    uploaded_by  text        NOT NULL,
    uploaded_at  timestamptz NOT NULL,
    unused_since timestamptz,  -- no page names it since then
    removed_at   timestamptz,
    removed_by   text,
    CONSTRAINT media_item_once_in_a_campaign UNIQUE (campaign, name)
);
CREATE INDEX media_items_of_a_campaign ON media_items (campaign, item_id)
    WHERE removed_at IS NULL;
CREATE INDEX media_items_of_a_file ON media_items (name);
CREATE INDEX media_items_by_uploader ON media_items (uploaded_by, uploaded_at);

GRANT SELECT, INSERT ON media_files, media_items TO {service_role};
GRANT UPDATE (state, widths, attempts, leased_until, trouble, stored_at, gone_at) ON media_files
    TO {service_role};
GRANT UPDATE (label, alt, uploaded_by, uploaded_at, unused_since, removed_at, removed_by)
    ON media_items TO {service_role};
