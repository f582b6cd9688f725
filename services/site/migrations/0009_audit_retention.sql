-- The audit log is kept for 400 days at least, whatever is set: shorter is refused here too.
-- The owner's right lent for this one purpose: the service itself can delete no line of it.
SET LOCAL lock_timeout = '5s';

CREATE FUNCTION forget_audit(keep_days integer, at_most integer) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = {schema}, pg_temp
AS $$
    WITH old AS (
        SELECT entry_id
        FROM admin_audit
        WHERE at < clock_timestamp() - make_interval(days => greatest(keep_days, 400))
        ORDER BY at
        LIMIT at_most
    ), gone AS (
        DELETE FROM admin_audit USING old WHERE admin_audit.entry_id = old.entry_id RETURNING 1
    )
    SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION forget_audit(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_audit(integer, integer) TO {service_role};
