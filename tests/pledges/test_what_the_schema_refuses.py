"""The database itself refuses what must never happen, whatever the code believes."""

import asyncpg
import pytest

from services.chassis.storage.database import transaction
from tests.pledges.builders import SLUG, SUBTOTAL, an_order, first_pledge
from tests.pledges.ledger import Ledger

AS_SERVICE = [
    pytest.param("UPDATE pledge_history SET total_delta_cents = 0", id="rewrite history"),
    pytest.param("DELETE FROM pledge_history", id="delete history"),
    pytest.param("TRUNCATE pledge_history", id="truncate history"),
    pytest.param("DELETE FROM pledges", id="delete a pledge"),
    pytest.param("UPDATE pledges SET campaign = 'x'", id="move a pledge"),
    pytest.param("DELETE FROM charge_requests", id="delete a charge request"),
    pytest.param("UPDATE charge_requests SET amount_cents = 1", id="change a charge request"),
    pytest.param("DELETE FROM refused_orders", id="forget a refusal"),
    pytest.param("UPDATE pledge_lines SET quantity = 9", id="change what is in a pledge"),
    pytest.param("DELETE FROM totals_corrections", id="forget a correction"),
    pytest.param("UPDATE outbox SET payload = ''", id="rewrite an event"),
]


@pytest.mark.parametrize("statement", AS_SERVICE)
async def test_the_services_role_may_not(ledger: Ledger, statement: str) -> None:
    await ledger.open()
    await ledger.hear(an_order())

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ledger.pool.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pledges.pledge_history SET total_delta_cents = 0",
        # Nothing else stands in the way of this one.
        "UPDATE pledges.pledge_history SET recorded_at = recorded_at - interval '1 day'",
        "DELETE FROM pledges.pledge_history",
        "TRUNCATE pledges.pledges CASCADE",
    ],
)
async def test_not_even_the_owner_may_rewrite_history(ledger: Ledger, statement: str) -> None:
    await ledger.open()
    await ledger.hear(an_order())

    with pytest.raises(asyncpg.RaiseError, match="history_is_append_only"):
        await ledger.owner.execute(statement)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        pytest.param(
            "UPDATE pledges SET tip_cents = 0, total_cents = total_cents - tip_cents",
            "every_change_is_a_revision",
            id="without a line",
        ),
        pytest.param(
            """
            WITH changed AS (
                UPDATE pledges
                SET tip_cents = 0, total_cents = total_cents - tip_cents, revision = 2
                RETURNING pledge_id
            )
            INSERT INTO pledge_history (
                pledge_id, version, entry_type, status, cause, count_delta, goal_delta_cents,
                subtotal_delta_cents, shipping_delta_cents, tax_delta_cents, tip_delta_cents,
                total_delta_cents, collected_delta_cents, recovering_delta_cents, tier_deltas,
                support_item_deltas, tip_percent, recorded_at
            )
            SELECT pledge_id, 2, 'charge_failed', 'active', 'x', 0, 0, 0, 0, 0, 0, 0, 0, 0,
                '{}', '{}', 5, platform.now()
            FROM changed
            """,
            "price_moves_with_its_line",
            id="with a line of another kind",
        ),
    ],
)
async def test_a_price_changes_with_the_line_that_says_so(
    ledger: Ledger, statement: str, rule: str
) -> None:
    await ledger.open()
    await ledger.hear(an_order())

    with pytest.raises(asyncpg.RaiseError, match=rule):
        await ledger.pool.execute(statement)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("cancelled", "active", id="revived"),
        pytest.param("cancelled", "charged", id="charged after it was cancelled"),
        pytest.param("released", "charged", id="charged after it was released"),
        pytest.param("charged", "payment_failed", id="collected money taken back"),
        pytest.param("payment_failed", "cancelled", id="cancelled after the close"),
    ],
)
async def test_a_status_only_moves_forward(ledger: Ledger, before: str, after: str) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)
    await force(ledger, first_pledge(order), before)

    with pytest.raises(asyncpg.RaiseError, match="pledge_status_moves_forward"):
        await force(ledger, first_pledge(order), after)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        pytest.param(
            "UPDATE pledges.pledges SET revision = revision + 1, updated_at = updated_at",
            "every_revision_has_its_line",
            id="a change without its line",
        ),
        pytest.param(
            "UPDATE pledges.pledges SET revision = revision + 1, total_cents = total_cents + 1",
            "price_adds_up",
            id="a price that does not add up",
        ),
        pytest.param(
            "UPDATE pledges.pledges SET revision = revision + 1, tip_percent = 0",
            "tip_within_its_percent",
            id="a tip above its percentage",
        ),
    ],
)
async def test_a_pledge_is_consistent_or_not_written(
    ledger: Ledger, statement: str, constraint: str
) -> None:
    await ledger.open()
    await ledger.hear(an_order())

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
        await ledger.owner.execute(statement)

    assert caught.value.constraint_name == constraint


async def test_history_has_no_gap(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)

    with pytest.raises(asyncpg.ForeignKeyViolationError, match="history_has_no_gap"):
        await add_line(ledger, first_pledge(order), version=3)


async def test_a_cause_makes_one_line(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)

    with pytest.raises(asyncpg.UniqueViolationError, match="one_line_per_cause"):
        await add_line(ledger, first_pledge(order), version=2, cause="created")


async def test_a_closed_campaign_cannot_be_opened_or_counted_anew(ledger: Ledger) -> None:
    await ledger.open()
    await ledger.end([])

    for change in ("state = 'open'", "closed_at = now()", "deadline_at = now()"):
        with pytest.raises(asyncpg.RaiseError, match="closed_is_final"):
            await ledger.owner.execute(f"UPDATE pledges.campaign_state SET {change}")


async def test_funded_is_a_matter_of_arithmetic(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)

    with pytest.raises(asyncpg.CheckViolationError, match="funded_means_goal_reached"):
        await ledger.owner.execute(
            """
            UPDATE pledges.campaign_state
            SET state = 'closed', closing_since = now(), closed_at = now(),
                final_pledged_cents = goal_cents - 1, is_funded = true
            """
        )


async def test_no_charge_can_be_asked_for_unless_the_campaign_is_funded(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)

    async def ask() -> None:
        async with transaction(ledger.pool) as conn:
            await conn.execute(
                """
                INSERT INTO charge_requests (campaign, supporter_id, purpose, pledge_ids,
                    amount_cents, currency, card, requested_at)
                VALUES ($1, $2, 'settlement', '{x}', 1, 'usd', '{}'::text::jsonb, now())
                """,
                SLUG,
                order.supporter_id,
            )

    with pytest.raises(asyncpg.ForeignKeyViolationError, match="charged_campaign_is_funded"):
        await ask()
    assert await ledger.end([order]) == "closed"
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="charged_campaign_is_funded"):
        await ask()


async def force(ledger: Ledger, pledge_id: str, status: str) -> None:
    """Write a status past all our code, with a line that goes with it."""
    await ledger.owner.execute("SET search_path = pledges")
    await ledger.owner.execute(FORCE, pledge_id, status)


FORCE = """
WITH changed AS (
    UPDATE pledges
    SET status = $2,
        revision = revision + 1,
        cancelled_at = CASE WHEN $2 = 'cancelled' THEN now() END,
        charged_at = CASE WHEN $2 = 'charged' THEN now() END,
        charge_id = CASE WHEN $2 = 'charged' THEN 'ch' END,
        payment_intent_id = CASE WHEN $2 = 'charged' THEN 'pi' END
    WHERE pledge_id = $1
    RETURNING pledge_id, revision
)
INSERT INTO pledge_history (
    pledge_id, version, entry_type, status, cause, count_delta, goal_delta_cents,
    subtotal_delta_cents, shipping_delta_cents, tax_delta_cents, tip_delta_cents,
    total_delta_cents, collected_delta_cents, recovering_delta_cents, tier_deltas,
    support_item_deltas, tip_percent, recorded_at
)
SELECT pledge_id, revision, 'charge_failed', $2, 'forced ' || revision,
    0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', 5, now()
FROM changed
"""


async def add_line(ledger: Ledger, pledge_id: str, *, version: int, cause: str = "made up") -> None:
    """Write a line of history past all our code."""
    await ledger.pool.execute(
        """
        INSERT INTO pledge_history (
            pledge_id, version, entry_type, status, cause, count_delta, goal_delta_cents,
            subtotal_delta_cents, shipping_delta_cents, tax_delta_cents, tip_delta_cents,
            total_delta_cents, collected_delta_cents, recovering_delta_cents, tier_deltas,
            support_item_deltas, tip_percent, recorded_at
        )
        VALUES ($1, $2, 'charge_failed', 'active', $3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            '{}'::text::jsonb, '{}'::text::jsonb, 5, now())
        """,
        pledge_id,
        version,
        cause,
    )
