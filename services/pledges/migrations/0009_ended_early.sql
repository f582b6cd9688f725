-- A campaign that its operator ended early is not funded, whatever it had reached.
SET LOCAL lock_timeout = '5s';

ALTER TABLE campaign_state
    ADD COLUMN is_cancelled boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT funded_means_goal_reached,
    ADD CONSTRAINT funded_means_goal_reached CHECK (
        is_funded = (NOT is_cancelled AND goal_cents > 0 AND final_pledged_cents >= goal_cents)
    );
