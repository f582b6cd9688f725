-- A lost link is sent again, and then the old ones are over: each link says its generation, and
-- the supporter's newest is here. Who asks is only written down by the digest of an address, so
-- that asking for a stranger's address costs and tells as much as asking for a supporter's.
SET LOCAL lock_timeout = '5s';

ALTER TABLE supporters
    ADD COLUMN link_generation integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT generations_begin_at_one CHECK (link_generation >= 1);

CREATE FUNCTION link_generation_grows() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.link_generation < OLD.link_generation THEN
        RAISE EXCEPTION 'link_generation_grows: % to %', OLD.link_generation, NEW.link_generation;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER link_generation_grows BEFORE UPDATE ON supporters
FOR EACH ROW EXECUTE FUNCTION link_generation_grows();

CREATE TABLE link_requests (
    request_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    supporter_id text        NOT NULL,
    -- Real time: how often an address may be written to does not depend on the platform's.
    asked_at     timestamptz NOT NULL,
    state        text        NOT NULL DEFAULT 'asked'
        CONSTRAINT link_request_state_known
        CHECK (state IN ('asked', 'sent', 'unknown', 'too_often')),
    generation   integer,
    decided_at   timestamptz,
    CONSTRAINT only_the_sent_have_a_generation CHECK ((state = 'sent') = (generation IS NOT NULL)),
    CONSTRAINT one_request_per_generation UNIQUE (supporter_id, generation)
);
CREATE INDEX link_requests_open ON link_requests (request_id) WHERE state = 'asked';
CREATE INDEX link_requests_of_an_address ON link_requests (supporter_id, decided_at);
CREATE INDEX link_requests_to_forget ON link_requests (decided_at)
    WHERE state IN ('unknown', 'too_often');

CREATE OR REPLACE VIEW whole_pledges AS
SELECT
    pledge_id, order_id, campaign, supporter_id, email, language, definition_version,
    status, revision, currency, card, card_saved_at, shipping_address, consent, attribution,
    created_at, updated_at, cancelled_at, charged_at, charge_id, payment_intent_id,
    jsonb_build_object(
        'goal_cents', goal_cents,
        'subtotal_cents', subtotal_cents,
        'shipping_cents', shipping_cents,
        'tax_cents', tax_cents,
        'tip_percent', tip_percent,
        'tip_cents', tip_cents,
        'total_cents', total_cents,
        'tax_provider', tax_provider,
        'tax_rate', tax_rate,
        'shipping_source', shipping_source,
        'why', why
    ) || price_details AS price,
    (
        SELECT coalesce(jsonb_agg(
            jsonb_build_object(
                'kind', line.kind,
                'item_id', line.item_id,
                'variant_id', line.variant_id,
                'label', line.label,
                'quantity', line.quantity,
                'unit_cents', line.unit_cents,
                'total_cents', line.total_cents,
                'counts_toward_goal', line.counts_toward_goal,
                'is_physical', line.is_physical,
                'answers', line.answers
            ) ORDER BY line.line_no
        ), '[]')
        FROM pledge_lines AS line
        WHERE line.pledge_id = pledges.pledge_id
    ) AS lines,
    is_late, recovery, lost_at, returned_cents,
    (
        SELECT link_generation
        FROM supporters
        WHERE supporters.supporter_id = pledges.supporter_id
    ) AS link_generation
FROM pledges;

GRANT UPDATE (link_generation) ON supporters TO {service_role};
GRANT SELECT, INSERT, DELETE ON link_requests TO {service_role};
GRANT UPDATE (state, generation, decided_at) ON link_requests TO {service_role};
