-- A supporter may have everything erased that identifies them. What was pledged and paid stays,
-- under a pseudonym, as one more line of history; earlier lines lose the answers and the card
-- they told of, and nothing else, by the one function that may do that.
SET LOCAL lock_timeout = '5s';

ALTER TABLE pledge_history
    DROP CONSTRAINT entry_type_known,
    ADD CONSTRAINT entry_type_known CHECK (
        entry_type IN ('created', 'modified', 'cancelled', 'charged', 'charge_failed', 'released',
            'card_changed', 'lost', 'refunded', 'refund_failed', 'disputed', 'dispute_closed',
            'erased')
    ),
    ADD CONSTRAINT erasing_moves_no_money CHECK (
        entry_type <> 'erased'
        OR (count_delta = 0 AND goal_delta_cents = 0 AND total_delta_cents = 0
            AND collected_delta_cents = 0 AND recovering_delta_cents = 0)
    );

CREATE FUNCTION without_answers(lines jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_agg(line || '{"answers": {}}' ORDER BY position)
    FROM jsonb_array_elements(lines) WITH ORDINALITY AS each (line, position)
$$;

CREATE OR REPLACE FUNCTION history_is_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW' THEN
        -- Of a pledge that is being erased, and of it alone: only answers and card may go.
        IF current_setting('pledges.erasing', true) = OLD.pledge_id
            -- What the database computes itself is not there yet.
            AND (to_jsonb(NEW) - 'card' - 'lines' - 'previous_version')
                = (to_jsonb(OLD) - 'card' - 'lines' - 'previous_version')
            AND NEW.lines IS NOT DISTINCT FROM {schema}.without_answers(OLD.lines)
            AND (NEW.card IS NULL) = (OLD.card IS NULL)
            AND (NEW.card IS NULL OR NEW.card ->> 'payment_method_id' = '')
        THEN
            NEW.seal := {schema}.history_seal(NEW);
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'history_is_append_only: % on %', TG_OP, TG_TABLE_NAME;
END $$;

DROP TRIGGER history_is_append_only ON pledge_history;
CREATE TRIGGER history_is_append_only BEFORE UPDATE ON pledge_history
FOR EACH ROW EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER history_is_never_deleted BEFORE DELETE OR TRUNCATE ON pledge_history
FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();

CREATE FUNCTION erase_history(whose text, blank_card jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pledge_history WHERE pledge_id = whose AND entry_type = 'erased'
    ) THEN
        RAISE EXCEPTION 'erased_says_so: %', whose;
    END IF;
    PERFORM set_config('pledges.erasing', whose, true);
    UPDATE pledge_history
    SET lines = without_answers(lines),
        card = CASE WHEN card IS NULL THEN NULL ELSE blank_card END
    WHERE pledge_id = whose;
    PERFORM set_config('pledges.erasing', '', true);
END $$;
REVOKE ALL ON FUNCTION erase_history(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_history(text, jsonb) TO {service_role};

GRANT UPDATE (email, attribution) ON pledges TO {service_role};
GRANT UPDATE (email) ON supporters, refused_orders TO {service_role};
