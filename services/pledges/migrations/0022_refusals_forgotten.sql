-- Whose order was refused is told so at once, and after a while nobody needs to know who it was.
-- Like `forget_refused`: the owner's right, lent for one purpose.
SET LOCAL lock_timeout = '5s';

CREATE INDEX refused_orders_to_forget ON refused_orders (completed_at) WHERE email <> '';

CREATE FUNCTION forget_old_refusals(at_most integer, kept interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    UPDATE refused_orders
    SET email = ''
    FROM (
        SELECT order_id, campaign
        FROM refused_orders
        WHERE email <> ''
          AND completed_at < platform.now() - kept
        ORDER BY completed_at
        LIMIT at_most
        FOR UPDATE SKIP LOCKED
    ) AS past
    WHERE refused_orders.order_id = past.order_id
      AND refused_orders.campaign = past.campaign;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
REVOKE ALL ON FUNCTION forget_old_refusals(integer, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_old_refusals(integer, interval) TO {service_role};
