-- I-21: what is parked came from outside; an event of our own that a listener cannot apply is
-- a bug that waits for an operator. One that is early is tried again; some wait behind it.
-- holds: always
SELECT format('parked: %s', left(error, 200)) AS what,
    ARRAY[parked.consumer, parked.subject, parked.event_id] AS evidence
FROM every_parked AS parked
JOIN every_outbox USING (event_id)
WHERE parked.resolved_at IS NULL
  AND parked.try_again_at IS NULL
  AND NOT parked.is_waiting
