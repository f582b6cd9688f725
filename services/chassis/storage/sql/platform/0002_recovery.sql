-- A platform that was restored from a backup remembers less than Stripe and Resend do. Until
-- an operator has compared and says so, nothing of its own accord moves money, mails, or
-- decides anything. Only `./pool restore` writes here, as the owner.
SET LOCAL lock_timeout = '5s';

CREATE TABLE recovery (
    only_row     boolean     PRIMARY KEY DEFAULT true,
    backed_up_at timestamptz NOT NULL,
    restored_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at     timestamptz,
    ended_by     text,
    CONSTRAINT recovery_has_one_row CHECK (only_row),
    CONSTRAINT recovery_is_ended_by_somebody CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
GRANT SELECT ON recovery TO PUBLIC;

CREATE FUNCTION recovering() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT EXISTS (SELECT FROM platform.recovery WHERE ended_at IS NULL) $$;

-- One service is granted this: the one that compares with the world outside.
CREATE FUNCTION end_recovery(by_whom text) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = platform, pg_temp
AS $$
    WITH ended AS (
        UPDATE recovery
        SET ended_at = clock_timestamp(), ended_by = by_whom
        WHERE ended_at IS NULL
        RETURNING 1
    )
    SELECT EXISTS (SELECT FROM ended)
$$;
REVOKE ALL ON FUNCTION end_recovery(text) FROM PUBLIC;
