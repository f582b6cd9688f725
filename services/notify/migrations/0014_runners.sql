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

GRANT SELECT, INSERT, UPDATE ON runners TO {service_role};
