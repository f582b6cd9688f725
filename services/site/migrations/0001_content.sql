-- Content is rows, so that any number of site processes serve the same pages and a publish
-- commits together with the event that tells the others. A version is never rewritten: what
-- supporters pledged under must stay readable.
SET LOCAL lock_timeout = '5s';

CREATE TABLE campaign_versions (
    slug         text        NOT NULL,
    version      integer     NOT NULL,
    document     jsonb       NOT NULL,
    sha256       text        NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (slug, version),
    CONSTRAINT campaign_version_counts_from_one CHECK (version > 0)
);

CREATE TABLE platform_versions (
    version      integer     PRIMARY KEY,
    document     jsonb       NOT NULL,
    sha256       text        NOT NULL,
    published_at timestamptz NOT NULL,
    CONSTRAINT platform_version_counts_from_one CHECK (version > 0)
);

GRANT SELECT, INSERT ON campaign_versions, platform_versions TO {service_role};
