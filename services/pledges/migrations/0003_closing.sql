-- What a close decides, in the transaction that decides it. The events are cut from these
-- rows afterwards, in batches: a close of many supporters stays one short transaction.
SET LOCAL lock_timeout = '5s';

CREATE TABLE charge_requests (
    campaign     text        NOT NULL,
    supporter_id text        NOT NULL REFERENCES supporters,
    purpose      text        NOT NULL,
    pledge_ids   text[]      NOT NULL,
    amount_cents bigint      NOT NULL,
    currency     text        NOT NULL,
    card         jsonb       NOT NULL,
    is_funded    boolean     NOT NULL DEFAULT true,
    requested_at timestamptz NOT NULL,
    announced_at timestamptz,
    PRIMARY KEY (campaign, supporter_id, purpose),
    CONSTRAINT request_has_pledges CHECK (cardinality(pledge_ids) > 0),
    CONSTRAINT request_has_an_amount CHECK (amount_cents > 0),
    CONSTRAINT only_a_funded_campaign_charges CHECK (is_funded),
    CONSTRAINT charged_campaign_is_funded
        FOREIGN KEY (campaign, is_funded) REFERENCES campaign_state (campaign, is_funded)
);
CREATE INDEX charge_requests_unannounced ON charge_requests (campaign, supporter_id)
    WHERE announced_at IS NULL;

CREATE TABLE releases (
    campaign     text        NOT NULL REFERENCES campaign_state,
    supporter_id text        NOT NULL REFERENCES supporters,
    released_at  timestamptz NOT NULL,
    announced_at timestamptz,
    PRIMARY KEY (campaign, supporter_id)
);
CREATE INDEX releases_unannounced ON releases (campaign, supporter_id)
    WHERE announced_at IS NULL;

GRANT SELECT, INSERT ON charge_requests, releases TO {service_role};
GRANT UPDATE (announced_at) ON charge_requests, releases TO {service_role};
