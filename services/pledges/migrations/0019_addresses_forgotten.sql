-- Where a reward was sent is forgotten when nothing is sent there any more. Nobody changed the
-- pledge by that, so there is no revision; a function does it that can do nothing else. A charge
-- that is not decided keeps its address. Late support is made after the deadline: its time counts
-- from then.
SET LOCAL lock_timeout = '5s';

CREATE OR REPLACE FUNCTION pledge_moves_forward() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- By `forget_addresses` alone, which has the owner's right: whoever else says so has not.
    -- Nothing else of the pledge is another than before.
    IF current_setting('pledges.forgetting', true) = 'addresses'
        AND current_user = (
            SELECT pg_get_userbyid(relowner) FROM pg_catalog.pg_class WHERE oid = TG_RELID
        )
        AND NEW.shipping_address IS NULL
        AND to_jsonb(NEW) - 'shipping_address' = to_jsonb(OLD) - 'shipping_address'
    THEN
        RETURN NEW;
    END IF;
    IF NEW.pledge_id <> OLD.pledge_id OR NEW.order_id <> OLD.order_id
        OR NEW.campaign <> OLD.campaign OR NEW.created_at <> OLD.created_at THEN
        RAISE EXCEPTION 'pledge_identity_is_fixed: %', OLD.pledge_id;
    END IF;
    IF NEW.revision <> OLD.revision + 1 THEN
        RAISE EXCEPTION 'every_change_is_a_revision: % from % to %',
            OLD.pledge_id, OLD.revision, NEW.revision;
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        (OLD.status = 'active'
            AND NEW.status IN ('cancelled', 'charged', 'payment_failed', 'released'))
        OR (OLD.status = 'payment_failed' AND NEW.status = 'charged')
    ) THEN
        RAISE EXCEPTION 'pledge_status_moves_forward: % from % to %',
            OLD.pledge_id, OLD.status, NEW.status;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION forget_addresses(at_most integer, if_charged interval, otherwise interval)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    PERFORM set_config('pledges.forgetting', 'addresses', true);
    UPDATE pledges
    SET shipping_address = NULL
    FROM (
        SELECT pledge_id
        FROM pledges AS held
        JOIN campaign_state USING (campaign)
        WHERE shipping_address IS NOT NULL
          AND (
              (held.status = 'charged'
                  AND greatest(deadline_at, created_at) < platform.now() - if_charged)
              OR ((held.status IN ('cancelled', 'released') OR lost_at IS NOT NULL)
                  AND greatest(deadline_at, created_at) < platform.now() - otherwise)
          )
        ORDER BY pledge_id
        LIMIT at_most
        FOR UPDATE OF held SKIP LOCKED
    ) AS past
    WHERE pledges.pledge_id = past.pledge_id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('pledges.forgetting', '', true);
    RETURN gone;
END $$;
REVOKE ALL ON FUNCTION forget_addresses(integer, interval, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_addresses(integer, interval, interval) TO {service_role};
