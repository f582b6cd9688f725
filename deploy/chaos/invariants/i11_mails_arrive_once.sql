-- I-11: what is recorded as sent arrived, once, at the right person; nothing else arrived.
-- holds: at rest
SELECT format('%s: %s copies arrived', kind, count(arrived.resend_id)) AS what,
    ARRAY[mails.mail_id, cause] AS evidence
FROM notify.mails
LEFT JOIN inbox_mails AS arrived USING (mail_id)
WHERE mails.status = 'sent'
GROUP BY mails.mail_id, kind, cause, edition
-- A wording that changed between two attempts is another letter to Resend.
HAVING count(arrived.resend_id) NOT BETWEEN 1 AND edition
UNION ALL
SELECT 'arrived, and nobody recorded it as sent', ARRAY[arrived.mail_id, arrived.resend_id]
FROM inbox_mails AS arrived
LEFT JOIN notify.mails USING (mail_id)
WHERE mails.status IS DISTINCT FROM 'sent'
  -- Whose answer was lost is asked for again under the same key, a minute later at first.
  AND NOT (mails.status IS NOT DISTINCT FROM 'queued' AND mails.attempts > 0)
  AND NOT (mails.status IN ('sending', 'unknown') AND mails.batch_id IS NOT NULL)
  -- What was sent between a backup and its restore is lost here. What was on its way as the
  -- backup was taken is parked by the restore.
  AND NOT EXISTS (
      SELECT
      FROM platform.recovery
      WHERE arrived.received_at <= restored_at
        AND (mails.status IS NOT DISTINCT FROM 'parked' OR arrived.received_at >= backed_up_at)
  )
UNION ALL
SELECT 'went to somebody else', ARRAY[mail_id, arrived.resend_id]
FROM inbox_mails AS arrived
JOIN notify.mails USING (mail_id)
-- Whoever asked to be forgotten is no longer its addressee.
WHERE mails.address <> '' AND lower(arrived.recipient) <> lower(mails.address)
UNION ALL
SELECT format('%s: news that came %s times', kind, count(*)), ARRAY[mails.mail_id, cause]
FROM inbox_mails
JOIN notify.mails USING (mail_id)
WHERE mails.broadcast_id IS NOT NULL
GROUP BY mails.mail_id, kind, cause
HAVING count(*) > 1
