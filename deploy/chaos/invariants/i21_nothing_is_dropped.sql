-- I-21: whoever should hear an event has applied it or parked it, and nobody heard what
-- nobody said.
-- holds: at rest
SELECT 'an event was published and not heard' AS what,
    ARRAY[consumer, said.event_type, said.event_id] AS evidence
FROM consumers
JOIN every_outbox AS said USING (event_type)
WHERE said.published_at IS NOT NULL
  -- Inboxes are kept for longer than this, so nothing is missed and nothing is mourned.
  AND said.queued_at > clock_timestamp() - interval '6 days'
  AND NOT EXISTS (
      SELECT
      FROM every_inbox AS heard
      WHERE heard.listener = consumers.listener
        AND heard.consumer = consumers.consumer
        AND heard.event_id = said.event_id
  )
  AND NOT EXISTS (
      SELECT
      FROM every_parked AS parked
      WHERE parked.listener = consumers.listener
        AND parked.consumer = consumers.consumer
        AND parked.event_id = said.event_id
  )
UNION ALL
SELECT 'an event was heard that nobody said', ARRAY[heard.consumer, heard.event_id]
FROM every_inbox AS heard
WHERE NOT EXISTS (SELECT FROM every_outbox AS said WHERE said.event_id = heard.event_id)
