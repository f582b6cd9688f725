-- A mail leads to the supporters' page while there is something to decide: what, and until when,
-- as site published it last. A campaign that was published before has none here until its next
-- version, or until site's outbox is replayed.
SET LOCAL lock_timeout = '5s';

ALTER TABLE campaigns ADD COLUMN decisions jsonb NOT NULL DEFAULT '[]';
