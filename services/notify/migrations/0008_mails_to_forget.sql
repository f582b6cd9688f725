-- A mail that was still to be sent when its addressee asked to be forgotten is sent, and then
-- loses them like the others: until then the row says so. Nobody but they may read their mails,
-- and nobody any more once they are forgotten.
SET LOCAL lock_timeout = '5s';

ALTER TABLE mails ADD COLUMN forgotten_at timestamptz;
CREATE INDEX mails_to_forget ON mails (mail_number)
    WHERE forgotten_at IS NOT NULL AND recipient <> '';
CREATE INDEX mails_of_a_recipient ON mails (recipient, mail_number);

CREATE OR REPLACE FUNCTION forget_recipient(whom text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    UPDATE mails
    SET forgotten_at = clock_timestamp()
    WHERE recipient = whom AND forgotten_at IS NULL
$$;

-- What was parked will not be offered again: there is nobody left who waits for it.
CREATE FUNCTION forget_mails(at_most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    WITH done AS (
        SELECT mail_number
        FROM mails
        WHERE forgotten_at IS NOT NULL
          AND recipient <> ''
          AND status IN ('sent', 'undeliverable', 'parked')
        ORDER BY mail_number
        LIMIT at_most
        FOR UPDATE SKIP LOCKED
    ), forgotten AS (
        UPDATE mails
        SET recipient = '',
            address = '',
            facts = jsonb_strip_nulls(jsonb_build_object('pledge_id', facts -> 'pledge_id')),
            status = CASE status WHEN 'parked' THEN 'undeliverable' ELSE status END
        FROM done
        WHERE mails.mail_number = done.mail_number
        RETURNING mails.mail_number
    )
    SELECT count(*)::integer FROM forgotten
$$;
REVOKE ALL ON FUNCTION forget_mails(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_mails(integer) TO {service_role};
