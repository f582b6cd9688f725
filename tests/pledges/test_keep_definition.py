"""Goal and dates are promises from the start instant on."""

from datetime import timedelta

import pytest

from tests.pledges.builders import DEADLINE, GOAL, STARTS, a_definition, an_order, published
from tests.pledges.ledger import Ledger

LATER = DEADLINE + timedelta(days=5)


async def test_before_the_start_the_newest_definition_decides(ledger: Ledger) -> None:
    await ledger.hear(
        published(a_definition(), at=STARTS - timedelta(days=2)),
        published(
            a_definition(version=2, goal_cents=7_700, deadline_at=LATER, title="New name"),
            at=STARTS - timedelta(seconds=1),
        ),
    )

    stats = await ledger.stats()

    assert (stats.goal_amount, stats.goal_deadline) == (77, LATER)


@pytest.mark.parametrize("seconds_after", [0, 1])
async def test_from_the_start_instant_goal_and_deadline_stay(
    ledger: Ledger, seconds_after: int
) -> None:
    await ledger.hear(
        published(a_definition(), at=STARTS - timedelta(days=2)),
        published(
            a_definition(version=2, goal_cents=7_700, deadline_at=LATER, title="New name"),
            at=STARTS + timedelta(seconds=seconds_after),
        ),
    )

    stats = await ledger.stats()
    title = await ledger.pool.fetchval("SELECT title FROM campaigns")

    assert (stats.goal_amount * 100, stats.goal_deadline) == (GOAL, DEADLINE)
    assert title == "New name"


async def test_an_older_version_heard_later_is_ignored(ledger: Ledger) -> None:
    before = STARTS - timedelta(days=2)
    await ledger.hear(
        published(a_definition(version=2, goal_cents=7_700, title="New"), at=before),
        published(a_definition(version=1, title="Old"), at=before),
        published(a_definition(version=2, title="A copy"), at=before),
    )

    assert (await ledger.stats()).goal_amount == 77
    assert await ledger.pool.fetchval("SELECT title FROM campaigns") == "New"


async def test_pledges_keep_the_definition_they_were_made_under(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order, published(a_definition(version=9), at=STARTS + timedelta(days=1)))

    assert await ledger.pool.fetchval("SELECT definition_version FROM pledges") == 1
    await ledger.assert_in_sync()
