-- Every line of history carries a seal over all it says, made by the database when the line is
-- written and never again. A line that was altered since does not fit its seal, whoever did it;
-- one that is missing leaves a gap in its pledge's versions.
SET LOCAL lock_timeout = '5s';

ALTER TABLE pledge_history ADD COLUMN seal bytea;

-- What a line does not say is no part of its seal: a column that comes later breaks none.
CREATE FUNCTION history_seal(line pledge_history) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE SET timezone = 'UTC' AS $$
    SELECT sha256(convert_to(jsonb_object_agg(key, value)::text, 'UTF8'))
    FROM jsonb_each(to_jsonb(line))
    WHERE key NOT IN ('seal', 'previous_version')
      AND value NOT IN ('null', '0', '{}')
$$;

CREATE FUNCTION history_is_sealed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.seal := {schema}.history_seal(NEW);
    RETURN NEW;
END $$;

-- Lines of before are sealed as they stand.
ALTER TABLE pledge_history DISABLE TRIGGER history_is_append_only;
UPDATE pledge_history SET seal = history_seal(pledge_history);
ALTER TABLE pledge_history ENABLE TRIGGER history_is_append_only;
ALTER TABLE pledge_history ALTER COLUMN seal SET NOT NULL;

CREATE TRIGGER history_is_sealed BEFORE INSERT ON pledge_history
FOR EACH ROW EXECUTE FUNCTION history_is_sealed();
