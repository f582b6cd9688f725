-- I-11: every mail ends sent, undeliverable, parked, withheld or unknown, and none waits longer
-- than a day. News that may have arrived ends as unknown: it is not sent again.
-- holds: at rest
SELECT format('%s after %s attempts, due %s ago', status, attempts,
        date_trunc('second', clock_timestamp() - next_attempt_at)) AS what,
    ARRAY[mail_id, kind, cause] AS evidence
FROM notify.mails
WHERE status IN ('queued', 'sending')
  AND (queued_at < clock_timestamp() - interval '24 hours'
       -- A batch has a turn of its own.
       OR (next_attempt_at < clock_timestamp() - interval '60 seconds' AND batch_id IS NULL))
UNION ALL
SELECT 'sent, and no delivery was recorded', ARRAY[mail_id, kind]
FROM notify.mails
WHERE status = 'sent'
  AND NOT EXISTS (
      SELECT
      FROM notify.deliveries
      WHERE deliveries.mail_id = mails.mail_id AND outcome = 'accepted'
  )
