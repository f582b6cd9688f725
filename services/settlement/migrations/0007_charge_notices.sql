-- Before a card is charged its owner is told, twice: two days before the deadline, and when the
-- campaign has closed funded. Once per supporter and moment, however often anything happens;
-- and a moment that has passed is not caught up: a notice after the fact is none.
SET LOCAL lock_timeout = '5s';

-- What a notice says of each pledge, as the ledger last told it.
CREATE TABLE notice_copies (
    pledge_id    text        PRIMARY KEY,
    campaign     text        NOT NULL,
    supporter_id text        NOT NULL,
    revision     bigint      NOT NULL,
    status       text        NOT NULL,
    snapshot     jsonb       NOT NULL
);
CREATE INDEX notice_copies_by_supporter ON notice_copies (campaign, supporter_id);

-- Written when a campaign's two days have begun, for everybody who then has a pledge.
CREATE TABLE notice_rounds (
    campaign  text        PRIMARY KEY,
    begun_at  timestamptz NOT NULL
);

CREATE TABLE charge_notices (
    campaign     text        NOT NULL,
    supporter_id text        NOT NULL,
    moment       text        NOT NULL
        CONSTRAINT notice_moment_known CHECK (moment IN ('two_days', 'close')),
    wanted_at    timestamptz NOT NULL,
    -- Told, or left out because it would have come too late or was about nothing any more.
    decided_at   timestamptz,
    is_told      boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (campaign, supporter_id, moment)
);
CREATE INDEX charge_notices_waiting ON charge_notices (campaign, supporter_id)
    WHERE decided_at IS NULL;

GRANT SELECT, INSERT, UPDATE ON notice_copies TO {service_role};
GRANT SELECT, INSERT ON notice_rounds, charge_notices TO {service_role};
GRANT UPDATE (decided_at, is_told) ON charge_notices TO {service_role};
