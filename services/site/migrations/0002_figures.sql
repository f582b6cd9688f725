-- One row per campaign holds all that pages show of it beside its content: what other
-- services announced last. Each part keeps its own owner's version, so that an older
-- announcement can come late and change nothing.
SET LOCAL lock_timeout = '5s';

CREATE TABLE campaign_figures (
    slug               text        PRIMARY KEY,
    version            bigint      NOT NULL DEFAULT 1,
    definition_version integer     NOT NULL DEFAULT 0,
    stock_version      bigint      NOT NULL DEFAULT 0,
    stock              jsonb,
    totals_version     bigint      NOT NULL DEFAULT 0,
    totals             jsonb,
    closing            jsonb,
    went_live_at       timestamptz,
    deadline_passed_at timestamptz,
    CONSTRAINT figures_version_counts_from_one CHECK (version > 0)
);

GRANT SELECT, INSERT, UPDATE ON campaign_figures TO {service_role};
