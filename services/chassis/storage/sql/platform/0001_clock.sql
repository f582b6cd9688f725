-- One clock for every business decision. Services never compare their own clocks: a
-- deadline decided twice must be decided the same way. Only the sandbox's role may move
-- it; where that role does not exist, nobody can.
SET LOCAL lock_timeout = '5s';

CREATE TABLE clock_offset (
    only_row   boolean  PRIMARY KEY DEFAULT true,
    offset_by  interval NOT NULL DEFAULT '0',
    CONSTRAINT clock_offset_has_one_row CHECK (only_row)
);
INSERT INTO clock_offset DEFAULT VALUES;

-- clock_timestamp, not now(): after waiting for a row lock the answer must be the time
-- at which the lock was had, or a pledge could be made in a minute that is over.
CREATE FUNCTION now() RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$ SELECT clock_timestamp() + (SELECT offset_by FROM platform.clock_offset) $$;

GRANT USAGE ON SCHEMA platform TO PUBLIC;
GRANT SELECT ON clock_offset TO PUBLIC;
