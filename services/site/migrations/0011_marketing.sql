-- What campaigns' people prepare: links that tell who brought somebody, and an announcement
-- that is being written. Times are real: they are about people at a desk.
SET LOCAL lock_timeout = '5s';

-- A code is a word in addresses for ever: it is retired, never deleted or given to somebody else.
CREATE TABLE referral_codes (
    campaign    text        NOT NULL,
    code        text        NOT NULL,
    referrer    text        NOT NULL,
    utm_source  text        NOT NULL,
    utm_medium  text        NOT NULL,
    utm_content text        NOT NULL,
    language    text        NOT NULL,
    created_by  text        NOT NULL,
    created_at  timestamptz NOT NULL,
    retired_at  timestamptz,
    PRIMARY KEY (campaign, code),
    CONSTRAINT referral_code_fits_addresses CHECK (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$')
);

-- One working copy for each campaign, whoever writes it. What was sent leaves the row behind
-- with the audience it was sent to: a second press finds it, and sends nothing.
CREATE TABLE announcement_drafts (
    campaign      text        PRIMARY KEY,
    revision      bigint      NOT NULL,
    subject       text        NOT NULL,
    heading       text        NOT NULL,
    body          text        NOT NULL,
    cta_label     text        NOT NULL,
    cta_url       text        NOT NULL,
    changed_by    text        NOT NULL,
    changed_at    timestamptz NOT NULL,
    audience_hash text        NOT NULL DEFAULT '',
    broadcast_id  text        NOT NULL DEFAULT ''
);

GRANT SELECT, INSERT ON referral_codes, announcement_drafts TO {service_role};
GRANT UPDATE (referrer, utm_source, utm_medium, utm_content, language, retired_at)
    ON referral_codes TO {service_role};
GRANT UPDATE (
    revision, subject, heading, body, cta_label, cta_url, changed_by, changed_at, audience_hash,
    broadcast_id
) ON announcement_drafts TO {service_role};
