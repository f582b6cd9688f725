-- What supporters decide together, and how they want to be named. A vote is one row for each
-- supporter and decision, whatever number of pledges they have; the last word counts.
SET LOCAL lock_timeout = '5s';

CREATE TABLE votes (
    campaign     text        NOT NULL REFERENCES campaign_state,
    decision_id  text        NOT NULL,
    supporter_id text        NOT NULL REFERENCES supporters,
    option       text        NOT NULL,
    voted_at     timestamptz NOT NULL,
    CONSTRAINT one_vote_each PRIMARY KEY (campaign, decision_id, supporter_id)
);

CREATE TABLE credits (
    campaign     text        NOT NULL REFERENCES campaign_state,
    supporter_id text        NOT NULL REFERENCES supporters,
    -- As the supporter wants to be named in the film; empty: not at all.
    credited_as  text        NOT NULL,
    is_on_wall   boolean     NOT NULL,
    said_at      timestamptz NOT NULL,
    PRIMARY KEY (campaign, supporter_id),
    CONSTRAINT the_wall_has_names CHECK (credited_as <> '' OR NOT is_on_wall)
);

GRANT SELECT, INSERT ON votes, credits TO {service_role};
GRANT UPDATE (option, voted_at) ON votes TO {service_role};
GRANT UPDATE (credited_as, is_on_wall, said_at) ON credits TO {service_role};
