-- A refusal stays what it was but for whose it was: the service may no longer write the address
-- itself, and there is a function that can do nothing but put a pseudonym in its place.
SET LOCAL lock_timeout = '5s';

REVOKE UPDATE (email) ON refused_orders FROM {service_role};

CREATE FUNCTION forget_refused(address text, pseudonym text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    UPDATE refused_orders SET email = pseudonym WHERE lower(email) = lower(address)
$$;
REVOKE ALL ON FUNCTION forget_refused(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_refused(text, text) TO {service_role};
