-- A lost link that is sent again ends those of before: which generation of a supporter's links
-- still opens their pledges, as the ledger told it last. Whoever is not here has the first.
SET LOCAL lock_timeout = '5s';

CREATE TABLE link_generations (
    supporter_id text    PRIMARY KEY,
    generation   integer NOT NULL CHECK (generation > 1)
);

GRANT SELECT, INSERT, UPDATE ON link_generations TO {service_role};
