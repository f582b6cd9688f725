-- What an author wrote is kept whole: each text that was public, so that history, comparison
-- and taking back need no repository; one working copy per campaign; and whatever lost to
-- another text, until somebody has looked at it. Nothing of these is ever rewritten but what
-- became of it. The folder and its repository are copies of `campaign_texts`.
SET LOCAL lock_timeout = '5s';

-- `version` 0 was told to nobody: a file that says `published: false`. A text that differs
-- from the one before only in its remarks has that one's version.
CREATE TABLE campaign_texts (
    text_id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug         text        NOT NULL,
    version      integer     NOT NULL,
    file         text        NOT NULL,
    source       text        NOT NULL,
    sha256       text        NOT NULL,
    author       text        NOT NULL,
    origin       text        NOT NULL,
    message      text        NOT NULL,
    published_at timestamptz NOT NULL,
    mirrored_at  timestamptz,
    commit_id    text,
    CONSTRAINT text_origin_known CHECK (origin IN ('dashboard', 'folder', 'restored', 'archived'))
);
CREATE INDEX campaign_texts_of_a_campaign ON campaign_texts (slug, text_id);
CREATE INDEX campaign_texts_to_mirror ON campaign_texts (text_id) WHERE mirrored_at IS NULL;

-- `base_text` is the public text it began with; 0 when there was none. A copy that was published
-- or given up is closed; its revision goes on counting.
CREATE TABLE campaign_drafts (
    slug        text        PRIMARY KEY,
    source      text        NOT NULL,
    revision    integer     NOT NULL,
    base_text   bigint      NOT NULL,
    is_open     boolean     NOT NULL,
    saved_by    text        NOT NULL,
    saved_at    timestamptz NOT NULL,
    archived_at timestamptz,
    CONSTRAINT draft_revision_counts_from_one CHECK (revision > 0)
);

CREATE TABLE campaign_set_asides (
    set_aside_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug         text        NOT NULL,
    file         text        NOT NULL,
    source       text        NOT NULL,
    origin       text        NOT NULL,
    author       text        NOT NULL,
    set_aside_at timestamptz NOT NULL,
    settled_at   timestamptz,
    settled_by   text,
    CONSTRAINT set_aside_origin_known CHECK (origin IN ('folder', 'draft'))
);
CREATE INDEX campaign_set_asides_open ON campaign_set_asides (slug) WHERE settled_at IS NULL;

-- What the folder held when we looked or wrote last: whatever differs was edited by hand.
CREATE TABLE content_files (
    slug    text        PRIMARY KEY,
    file    text        NOT NULL,
    sha256  text        NOT NULL,
    seen_at timestamptz NOT NULL
);

-- How the repository and its remote fare: one row, for the screen that shows it.
CREATE TABLE content_mirror (
    only_row    boolean     PRIMARY KEY DEFAULT true,
    tries       integer     NOT NULL DEFAULT 0,
    error       text        NOT NULL DEFAULT '',
    failed_at   timestamptz,
    pushed_id   text        NOT NULL DEFAULT '',
    pushed_at   timestamptz,
    CONSTRAINT content_mirror_is_one CHECK (only_row)
);
INSERT INTO content_mirror DEFAULT VALUES;

GRANT SELECT, INSERT ON campaign_texts, campaign_set_asides TO {service_role};
GRANT UPDATE (mirrored_at, commit_id) ON campaign_texts TO {service_role};
GRANT UPDATE (settled_at, settled_by) ON campaign_set_asides TO {service_role};
GRANT SELECT, INSERT, UPDATE ON campaign_drafts, content_files TO {service_role};
GRANT SELECT, UPDATE ON content_mirror TO {service_role};
