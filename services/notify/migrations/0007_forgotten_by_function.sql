-- What a mail said and to whom may not change but for one reason, so there is a function for it:
-- whoever asks to be forgotten is no longer its addressee. Which pledge it was of stays.
SET LOCAL lock_timeout = '5s';

REVOKE UPDATE (recipient, address, facts) ON mails FROM {service_role};

CREATE FUNCTION forget_recipient(whom text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    UPDATE mails
    SET recipient = '',
        address = '',
        facts = jsonb_strip_nulls(jsonb_build_object('pledge_id', facts -> 'pledge_id'))
    WHERE recipient = whom
      AND status IN ('sent', 'undeliverable')
$$;
REVOKE ALL ON FUNCTION forget_recipient(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_recipient(text) TO {service_role};
