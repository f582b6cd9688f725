-- The platform's own settings, as far as the ledger needs them: who sends what the platform
-- sells, in which zone its day begins. One row, the newest version.
SET LOCAL lock_timeout = '5s';

CREATE TABLE platform_definition (
    only_one   boolean PRIMARY KEY DEFAULT true,
    version    bigint  NOT NULL,
    definition jsonb   NOT NULL,
    CONSTRAINT one_platform CHECK (only_one)
);
GRANT SELECT, INSERT, UPDATE ON platform_definition TO {service_role};
