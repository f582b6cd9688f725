-- Who may open the dashboard, how they came in, and what they did there. Secrets are kept as
-- digests alone. All times are real time: these are about people at a door, not about business.
SET LOCAL lock_timeout = '5s';

CREATE TABLE admin_users (
    user_id    text        PRIMARY KEY,
    email      text        NOT NULL UNIQUE,  -- canonical
    role       text        NOT NULL,
    campaigns  text[]      NOT NULL,
    language   text        NOT NULL,
    invited_by text        NOT NULL,
    invited_at timestamptz NOT NULL,
    removed_at timestamptz,
    CONSTRAINT admin_role_known CHECK (role IN ('super', 'campaign')),
    CONSTRAINT admin_scope_fits_role CHECK ((role = 'super') = (cardinality(campaigns) = 0))
);

-- `browser_sha256` is of the cookie of the browser that asked; an invitation has none.
CREATE TABLE admin_sign_ins (
    sign_in_id     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_sha256   bytea       NOT NULL UNIQUE,
    browser_sha256 bytea,
    user_id        text        NOT NULL REFERENCES admin_users,
    asked_at       timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    used_at        timestamptz
);
CREATE INDEX admin_sign_ins_of_a_user ON admin_sign_ins (user_id, asked_at);

CREATE TABLE admin_sessions (
    session_id   text        PRIMARY KEY,
    token_sha256 bytea       NOT NULL UNIQUE,
    user_id      text        NOT NULL REFERENCES admin_users,
    device       text        NOT NULL,
    network      text        NOT NULL,  -- a keyed fingerprint; the address itself is not kept
    started_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    ended_by     text
);
CREATE INDEX admin_sessions_by_start ON admin_sessions (started_at);

CREATE TABLE admin_audit (
    entry_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL,
    actor    text        NOT NULL,
    role     text        NOT NULL,
    action   text        NOT NULL,
    subject  text        NOT NULL,
    campaign text        NOT NULL,
    details  jsonb       NOT NULL
);
CREATE INDEX admin_audit_by_time ON admin_audit (at);

GRANT SELECT, INSERT ON admin_users, admin_sign_ins, admin_sessions, admin_audit
    TO {service_role};
GRANT UPDATE (role, campaigns, language, invited_by, invited_at, removed_at) ON admin_users
    TO {service_role};
GRANT UPDATE (used_at) ON admin_sign_ins TO {service_role};
GRANT UPDATE (ended_at, ended_by) ON admin_sessions TO {service_role};
