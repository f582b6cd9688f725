-- I-2: no line of history was altered since it was written, and none is missing.
-- holds: always
SELECT format('line %s of its history was altered', version) AS what,
    ARRAY[pledge_id, campaign] AS evidence
FROM pledges.pledge_history AS line
JOIN pledges.pledges USING (pledge_id)
WHERE seal <> pledges.history_seal(line)
UNION ALL
SELECT format('line %s of its history is missing', expected),
    ARRAY[pledges.pledge_id, pledges.campaign]
FROM pledges.pledges
CROSS JOIN generate_series(1, revision) AS expected
LEFT JOIN pledges.pledge_history AS line
    ON line.pledge_id = pledges.pledge_id AND version = expected
WHERE version IS NULL
