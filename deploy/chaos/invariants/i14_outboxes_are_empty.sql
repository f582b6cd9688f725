-- I-14: every event gets out.
-- holds: at rest
SELECT format('%s waits since %s', event_type,
        date_trunc('second', clock_timestamp() - queued_at)) AS what,
    ARRAY[event_id, subject] AS evidence
FROM every_outbox
WHERE published_at IS NULL
