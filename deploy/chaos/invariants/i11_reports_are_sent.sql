-- I-11: a report that was made went to somebody, in one mail for each, and no mail brings a
-- report that nobody made.
-- holds: at rest
SELECT 'a report was made, and no mail brings it' AS what, ARRAY[report_id] AS evidence
FROM notify.reports
WHERE status = 'made'
  AND NOT EXISTS (
      SELECT
      FROM notify.mails
      WHERE kind = 'campaign_report' AND starts_with(cause, report_id || ':')
  )
UNION ALL
SELECT 'a mail brings a report that was not made', ARRAY[mail_id, cause]
FROM notify.mails
WHERE kind = 'campaign_report'
  AND NOT EXISTS (
      SELECT
      FROM notify.reports
      WHERE status = 'made' AND starts_with(cause, report_id || ':')
  )
