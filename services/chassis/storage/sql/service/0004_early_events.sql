-- An event that is right and came before what it needs waits here, not on the bus: there it
-- would use up its deliveries, and enough of them would keep out the very event they need.
-- Whoever listens tries it again at `try_again_at`; `open_tries` counts the tries that had
-- no end, so that one that kills its process is left to a person.
SET LOCAL lock_timeout = '5s';

ALTER TABLE parked_events
    ADD COLUMN try_again_at timestamptz,
    ADD COLUMN open_tries   integer NOT NULL DEFAULT 0;
CREATE INDEX parked_early ON parked_events (consumer, try_again_at)
    WHERE resolved_at IS NULL AND try_again_at IS NOT NULL;
GRANT UPDATE (parked_at, try_again_at, open_tries) ON parked_events TO {service_role};
