-- Whoever asked to be forgotten is forgotten at Stripe, too: their customer is deleted there.
-- At once if nothing was ever charged; else half a year later, when what was paid can be
-- disputed no more. A row is an intention: whether anything still needs the customer is asked
-- again in the transaction that leases it.
SET LOCAL lock_timeout = '5s';

CREATE TABLE customer_deletions (
    customer_id  text        PRIMARY KEY,
    supporter_id text        NOT NULL,
    -- The platform's time: not before then.
    wait_until   timestamptz NOT NULL,
    -- Real time: when to ask Stripe next.
    queued_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts     integer     NOT NULL DEFAULT 0,
    error        text,
    deleted_at   timestamptz
);
CREATE INDEX customer_deletions_due ON customer_deletions (due_at) WHERE deleted_at IS NULL;
CREATE INDEX cards_by_supporter ON cards (supporter_id);

GRANT SELECT, INSERT ON customer_deletions TO {service_role};
GRANT UPDATE (due_at, attempts, error, deleted_at) ON customer_deletions TO {service_role};
