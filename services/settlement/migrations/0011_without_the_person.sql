-- Of what Stripe said, money is all that is needed: who paid, with which card and from where is
-- never written any more, and goes from what was kept before. The owner does it here, once; the
-- record stays append-only for everybody.
SET LOCAL lock_timeout = '5s';

ALTER TABLE stripe_events DISABLE TRIGGER stripe_events_are_append_only;
UPDATE stripe_events
SET object = (
    SELECT coalesce(jsonb_object_agg(key, value), '{}')
    FROM jsonb_each(object)
    WHERE key IN (
        'id', 'object', 'status', 'amount', 'amount_received', 'amount_refunded', 'currency',
        'created', 'reason', 'metadata'
    )
)
WHERE jsonb_typeof(object) = 'object';
ALTER TABLE stripe_events ENABLE TRIGGER stripe_events_are_append_only;
