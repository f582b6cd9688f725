-- A pledge can be changed until its deadline. What it shall become is proposed first, priced
-- and reserved by checkout, then committed as a line of history with its deltas, or abandoned.
-- A pledge's lines are what it contains now; what it contained before is in its history.
SET LOCAL lock_timeout = '5s';

ALTER TABLE pledge_history
    DROP CONSTRAINT entry_type_known,
    ADD CONSTRAINT entry_type_known CHECK (
        entry_type IN ('created', 'modified', 'cancelled', 'charged', 'charge_failed', 'released',
            'card_changed', 'lost', 'refunded', 'refund_failed', 'disputed', 'dispute_closed')
    ),
    ADD CONSTRAINT modified_says_the_selection
        CHECK (entry_type <> 'modified' OR (lines IS NOT NULL AND status = 'active')),
    ADD CONSTRAINT modified_counts_nobody_twice
        CHECK (entry_type <> 'modified' OR count_delta = 0);

-- The price of a pledge moves with a line that says so, and with nothing else. After the
-- statement, because pledge and line are written by one.
CREATE FUNCTION price_moves_with_its_line() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pledge_history
        WHERE pledge_id = NEW.pledge_id AND version = NEW.revision AND entry_type = 'modified'
    ) THEN
        RAISE EXCEPTION 'price_moves_with_its_line: % at revision %', NEW.pledge_id, NEW.revision;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER price_moves_with_its_line AFTER UPDATE ON pledges
FOR EACH ROW
WHEN ((OLD.goal_cents, OLD.subtotal_cents, OLD.shipping_cents, OLD.tax_cents, OLD.tip_percent,
       OLD.tip_cents, OLD.total_cents)
    IS DISTINCT FROM
      (NEW.goal_cents, NEW.subtotal_cents, NEW.shipping_cents, NEW.tax_cents, NEW.tip_percent,
       NEW.tip_cents, NEW.total_cents))
EXECUTE FUNCTION price_moves_with_its_line();

CREATE TABLE proposals (
    pledge_id        text        NOT NULL REFERENCES pledges,
    revision         integer     NOT NULL,
    -- The tries of one revision: 1, 2, 3 …; only the newest can be committed.
    proposal         integer     NOT NULL,
    campaign         text        NOT NULL REFERENCES campaign_state,
    state            text        NOT NULL DEFAULT 'proposed'
        CONSTRAINT proposal_state_known CHECK (state IN ('proposed', 'committed', 'abandoned')),
    -- What the person's program called this change, and what it asked for by that name.
    idempotency_hash text,
    request_hash     text        NOT NULL,
    -- Real time: it measures how long somebody has waited for checkout.
    proposed_at      timestamptz NOT NULL,
    reason           text
        CONSTRAINT abandoned_for_a_reason CHECK (reason IN ('refused', 'timed_out', 'closed')),
    announced_at     timestamptz,
    PRIMARY KEY (pledge_id, revision, proposal),
    CONSTRAINT only_the_abandoned_have_a_reason CHECK ((state = 'abandoned') = (reason IS NOT NULL)),
    CONSTRAINT only_the_abandoned_are_announced CHECK (announced_at IS NULL OR state = 'abandoned'),
    CONSTRAINT first_revision_is_the_order CHECK (revision > 1 AND proposal >= 1)
);
CREATE UNIQUE INDEX proposals_committed_once ON proposals (pledge_id, revision)
    WHERE state = 'committed';
CREATE UNIQUE INDEX proposals_by_key ON proposals (pledge_id, idempotency_hash)
    WHERE state = 'committed' AND idempotency_hash IS NOT NULL;
CREATE INDEX proposals_open ON proposals (campaign, proposed_at) WHERE state = 'proposed';
CREATE INDEX proposals_unannounced ON proposals (pledge_id)
    WHERE state = 'abandoned' AND announced_at IS NULL;

CREATE FUNCTION proposal_is_decided_once() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'proposed' AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'proposal_is_decided_once: % of % is %',
            OLD.proposal, OLD.pledge_id, OLD.state;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER proposal_is_decided_once BEFORE UPDATE ON proposals
FOR EACH ROW EXECUTE FUNCTION proposal_is_decided_once();

GRANT SELECT, INSERT ON proposals TO {service_role};
GRANT UPDATE (state, reason, announced_at) ON proposals TO {service_role};
GRANT UPDATE (
    definition_version, goal_cents, subtotal_cents, shipping_cents, tax_cents, tip_percent,
    tip_cents, total_cents, tax_provider, tax_rate, shipping_source, why, price_details,
    shipping_address
) ON pledges TO {service_role};
GRANT DELETE ON pledge_lines TO {service_role};
