-- Whoever is asked to look at a working copy has a link of their own for a day. The address
-- stands here for that day alone; that a link was mailed stays with the link, without an address.
SET LOCAL lock_timeout = '5s';

-- `ask`: the press it was made by. The same press again mails nobody.
ALTER TABLE campaign_previews
    ADD COLUMN for_reviewer boolean NOT NULL DEFAULT false,
    ADD COLUMN ask          text    NOT NULL DEFAULT '';
CREATE INDEX campaign_previews_mailed ON campaign_previews (made_by, made_at) WHERE for_reviewer;

-- A reviewer's link works as long as its row stands: taken back, replaced or forgotten it is dead.
CREATE TABLE preview_reviewers (
    reviewer_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug         text        NOT NULL,
    address      text        NOT NULL,  -- canonical
    token_sha256 bytea       NOT NULL UNIQUE REFERENCES campaign_previews (token_sha256),
    expires_at   timestamptz NOT NULL,
    CONSTRAINT one_link_per_reviewer UNIQUE (slug, address)
);
CREATE INDEX preview_reviewers_by_end ON preview_reviewers (expires_at);

GRANT SELECT, INSERT, DELETE ON preview_reviewers TO {service_role};
GRANT UPDATE (token_sha256, expires_at) ON preview_reviewers TO {service_role};

-- The event that has a reviewer's link mailed holds their address too, and is of no use after
-- the link. The owner's right lent for this one purpose: the service can delete no other event.
CREATE INDEX outbox_of_reviewers ON outbox (queued_at) WHERE event_type = 'admin.preview_shared';
CREATE FUNCTION forget_told_reviewers(at_most integer) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = {schema}, pg_temp
AS $$
    WITH old AS (
        SELECT outbox_id
        FROM outbox
        WHERE event_type = 'admin.preview_shared'
          AND queued_at < clock_timestamp() - interval '24 hours'
          AND published_at IS NOT NULL
        ORDER BY queued_at
        LIMIT at_most
        FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM outbox USING old WHERE outbox.outbox_id = old.outbox_id RETURNING 1
    )
    SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION forget_told_reviewers(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_told_reviewers(integer) TO {service_role};
