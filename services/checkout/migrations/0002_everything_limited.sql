-- One kind of row for whatever is limited: tiers, a campaign's add-ons, and the platform's
-- own products, whose stock is one for all campaigns. Two checkouts could otherwise both
-- take the last poster. A reservation now also says for which revision of a pledge it is:
-- a modification holds what it adds, apart from what the pledge has.
SET LOCAL lock_timeout = '5s';

-- `shelf` is whose stock it is: a campaign's slug, or @platform, which is no slug.
-- Rows are locked in key order by statements here and lists sorted elsewhere: in one and the
-- same order, so these names are compared byte by byte.
CREATE TABLE stock (
    shelf         text    COLLATE "C" NOT NULL,
    kind          text    COLLATE "C" NOT NULL,
    item_id       text    COLLATE "C" NOT NULL,
    variant_id    text    COLLATE "C" NOT NULL DEFAULT '',
    limit_total   integer NOT NULL,
    -- The limit, or what was already held when somebody lowered the limit below it: that
    -- means sold out, not an error.
    ceiling_total integer NOT NULL,
    claimed       integer NOT NULL,
    reserved      integer NOT NULL,
    PRIMARY KEY (shelf, kind, item_id, variant_id),
    CONSTRAINT stock_kind_known CHECK (kind IN ('tier', 'add_on')),
    CONSTRAINT only_add_ons_have_variants CHECK (kind = 'add_on' OR variant_id = ''),
    CONSTRAINT limit_not_negative CHECK (limit_total >= 0),
    CONSTRAINT claimed_not_negative CHECK (claimed >= 0),
    CONSTRAINT reserved_not_negative CHECK (reserved >= 0),
    CONSTRAINT ceiling_covers_limit CHECK (ceiling_total >= limit_total),
    CONSTRAINT never_oversold CHECK (claimed + reserved <= ceiling_total)
);
INSERT INTO stock (shelf, kind, item_id, limit_total, ceiling_total, claimed, reserved)
SELECT campaign, 'tier', tier_id, limit_total, ceiling_total, claimed, reserved
FROM tier_stock;
DROP TABLE tier_stock;

ALTER TABLE stock_versions RENAME COLUMN campaign TO shelf;

ALTER TABLE reservations DROP CONSTRAINT reservations_pkey;
DROP INDEX reservations_held;
ALTER TABLE reservations RENAME COLUMN tier_id TO item_id;
ALTER TABLE reservations
    ADD COLUMN shelf text,
    ADD COLUMN kind text NOT NULL DEFAULT 'tier',
    ADD COLUMN variant_id text NOT NULL DEFAULT '',
    ADD COLUMN revision integer NOT NULL DEFAULT 1,
    ADD COLUMN proposal integer NOT NULL DEFAULT 1;
UPDATE reservations SET shelf = campaign;
ALTER TABLE reservations
    ALTER COLUMN shelf SET NOT NULL,
    ALTER COLUMN kind DROP DEFAULT,
    ADD CONSTRAINT reservation_kind_known CHECK (kind IN ('tier', 'add_on')),
    ADD CONSTRAINT reservation_counts_from_one CHECK (revision >= 1 AND proposal >= 1),
    ADD PRIMARY KEY (
        order_id, campaign, revision, proposal, shelf, kind, item_id, variant_id
    );
CREATE INDEX reservations_held ON reservations (shelf, kind, item_id, variant_id)
    WHERE state <> 'released';

-- The newest the ledger told of the pledge: what it says of an earlier revision is old news.
ALTER TABLE order_campaigns
    ADD COLUMN revision integer NOT NULL DEFAULT 1,
    ADD COLUMN is_cancelled boolean NOT NULL DEFAULT false;

-- A revision somebody proposed: priced and held once, however often it is asked for. One
-- that was abandoned before it was asked for is written down too, so that a question that
-- comes late holds nothing.
CREATE TABLE revisions (
    order_id     text    NOT NULL,
    campaign     text    NOT NULL,
    revision     integer NOT NULL,
    proposal     integer NOT NULL,
    state        text    NOT NULL,
    request_hash text,
    answer       jsonb,
    PRIMARY KEY (order_id, campaign, revision, proposal),
    FOREIGN KEY (order_id, campaign) REFERENCES order_campaigns (order_id, campaign),
    CONSTRAINT revision_state_known CHECK (state IN ('held', 'committed', 'abandoned')),
    CONSTRAINT revision_follows_a_first CHECK (revision >= 2 AND proposal >= 1),
    CONSTRAINT held_has_its_answer
        CHECK (state <> 'held' OR (request_hash IS NOT NULL AND answer IS NOT NULL))
);
CREATE UNIQUE INDEX one_proposal_is_committed ON revisions (order_id, campaign, revision)
    WHERE state = 'committed';

-- What an operator set by hand. It holds over every later definition, until it is reset.
-- Who did what is in `operator_actions`.
CREATE TABLE stock_overrides (
    shelf       text    NOT NULL,
    kind        text    NOT NULL,
    item_id     text    NOT NULL,
    variant_id  text    NOT NULL DEFAULT '',
    limit_total integer NOT NULL CONSTRAINT override_not_negative CHECK (limit_total >= 0),
    PRIMARY KEY (shelf, kind, item_id, variant_id),
    CONSTRAINT override_kind_known CHECK (kind IN ('tier', 'add_on'))
);

-- How a campaign ended, and whether its charging is over: what decides about late support.
CREATE TABLE campaign_outcomes (
    campaign  text        PRIMARY KEY,
    is_funded boolean     NOT NULL,
    closed_at timestamptz NOT NULL
);
ALTER TABLE campaign_totals
    ADD COLUMN collected_cents  bigint NOT NULL DEFAULT 0,
    ADD COLUMN recovering_cents bigint NOT NULL DEFAULT 0,
    ADD COLUMN lost_cents       bigint NOT NULL DEFAULT 0;
CREATE VIEW campaign_endings AS
SELECT campaign,
       is_funded AND recovering_cents = 0
           AND collected_cents + lost_cents >= pledged_cents AS is_settled
FROM campaign_outcomes
JOIN campaign_totals USING (campaign);

GRANT SELECT ON campaign_endings TO {service_role};
GRANT SELECT, INSERT, UPDATE, DELETE ON stock, stock_overrides TO {service_role};
GRANT SELECT, INSERT, UPDATE ON revisions, campaign_outcomes TO {service_role};
