-- Who runs which campaign: they are sent its reports, unless the campaign says otherwise.
SET LOCAL lock_timeout = '5s';

CREATE TABLE runners (
    user_id   text    PRIMARY KEY,
    version   integer NOT NULL,
    email     text    NOT NULL,  -- empty for somebody who runs none any more
    language  text    NOT NULL,
    campaigns text[]  NOT NULL
);
CREATE INDEX runners_of_a_campaign ON runners USING gin (campaigns);

ALTER TABLE campaigns ADD COLUMN report_excluded jsonb NOT NULL DEFAULT '[]';

-- What of a campaign's pledges the platform itself has to send is a report to the platform.
ALTER TABLE reports
    DROP CONSTRAINT report_type_known,
    ADD CONSTRAINT report_type_known
        CHECK (report_type IN ('pledge', 'fulfillment', 'platform'));
CREATE UNIQUE INDEX one_platform_report ON reports (campaign) WHERE report_type = 'platform';

GRANT SELECT, INSERT, UPDATE ON runners TO {service_role};
