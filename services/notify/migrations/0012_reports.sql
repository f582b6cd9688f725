-- The reports of a campaign: one row for each, whoever decides how often; its file stays until
-- its mails are done.
SET LOCAL lock_timeout = '5s';

-- In whose zone it is seven o'clock.
ALTER TABLE platform_names ADD COLUMN timezone text NOT NULL DEFAULT 'America/Denver';

-- Whoever ended it early: then nothing is reported of the days after.
ALTER TABLE campaigns ADD COLUMN cancelled_at timestamptz;

CREATE TABLE reports (
    report_id       text        PRIMARY KEY,  -- campaign, type and day
    campaign        text        NOT NULL,
    report_type     text        NOT NULL,
    day             date        NOT NULL,     -- of the platform's zone
    status          text        NOT NULL DEFAULT 'due',
    attempts        integer     NOT NULL DEFAULT 0,
    decided_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    file_name       text,
    file_type       text,
    file            bytea,
    CONSTRAINT one_report_per_day UNIQUE (campaign, report_type, day),
    CONSTRAINT report_type_known CHECK (report_type IN ('pledge', 'fulfillment')),
    -- empty: there was nothing to report, or nobody to report it to.
    CONSTRAINT report_status_known CHECK (status IN ('due', 'made', 'empty', 'parked')),
    CONSTRAINT report_file_has_a_name CHECK (file IS NULL OR (file_name IS NOT NULL
                                                              AND file_type IS NOT NULL))
);
CREATE UNIQUE INDEX one_fulfilment_report ON reports (campaign)
    WHERE report_type = 'fulfillment';
CREATE INDEX reports_due ON reports (next_attempt_at) WHERE status = 'due';
CREATE INDEX reports_with_a_file ON reports (report_id) WHERE file IS NOT NULL;
CREATE INDEX mails_of_reports ON mails ((facts -> 'report' ->> 'report_id'))
    WHERE kind = 'campaign_report';
CREATE INDEX reports_parked ON reports (report_id) WHERE status = 'parked';

GRANT SELECT, INSERT ON reports TO {service_role};
GRANT UPDATE (status, attempts, next_attempt_at, file_name, file_type, file)
    ON reports TO {service_role};
