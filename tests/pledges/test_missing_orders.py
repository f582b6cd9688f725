"""A campaign that waits for orders asks for them, and in the end a person may decide."""

import msgspec
import pytest

from contracts.events.pledges import CampaignClosed, ChargeRequested, OrdersMissed, PledgeRefused
from contracts.refusals import NotFound, StateRefused
from services.chassis.storage.database import transaction
from services.pledges.handlers.close_regardless import ClosedRegardless, close_regardless
from services.pledges.schedules.closing import ASK_AFTER_SECONDS, ASK_EVERY_SECONDS, Closer
from tests.pledges.builders import SLUG, SUBTOTAL, an_order, deadline_passed, drained
from tests.pledges.ledger import Ledger


async def ended(ledger: Ledger, *, applied: int, missing: int) -> None:
    """Let a campaign end for which orders were applied, and others only counted."""
    await ledger.open(goal_cents=2 * SUBTOTAL)
    orders = [an_order() for _ in range(applied + missing)]
    await ledger.hear(*orders[:applied])
    await ledger.advance(days=30)
    await ledger.hear(deadline_passed(), drained(orders))
    if missing:
        assert await ledger.close() == "waiting"


async def waiting_since(ledger: Ledger, seconds: float) -> None:
    await ledger.owner.execute(
        "UPDATE pledges.campaign_state SET closing_since = clock_timestamp() - $1 * interval '1 s'",
        seconds,
    )


async def regardless(ledger: Ledger, order_count: int, slug: str = SLUG) -> ClosedRegardless:
    async with transaction(ledger.pool) as conn:
        return await close_regardless(conn, slug, order_count=order_count)


async def test_it_asks_for_them_after_a_while_and_then_now_and_again(ledger: Ledger) -> None:
    await ended(ledger, applied=2, missing=1)
    closer = Closer(ledger.pool)
    asked = []
    for seconds in (
        ASK_AFTER_SECONDS - 5,
        ASK_AFTER_SECONDS + 5,
        ASK_AFTER_SECONDS + ASK_EVERY_SECONDS - 5,
        ASK_AFTER_SECONDS + ASK_EVERY_SECONDS + 10,
    ):
        await waiting_since(ledger, seconds)
        await closer.tick()
        asked.append(len(await ledger.told(OrdersMissed)))

    (first, _) = await ledger.told(OrdersMissed)
    versions = await ledger.pool.fetch(
        "SELECT aggregate_version FROM outbox WHERE aggregate_id = $1 ORDER BY outbox_id",
        f"closing:{SLUG}",
    )

    assert asked == [0, 1, 1, 2]
    assert (first.campaign, first.applied_count, len(first.applied_hash)) == (SLUG, 2, 64)
    assert versions[0][0] < versions[1][0]


async def test_one_whose_sums_disagree_asks_for_nothing(ledger: Ledger) -> None:
    await ended(ledger, applied=1, missing=0)
    await ledger.owner.execute("UPDATE pledges.campaign_totals SET pledge_count = 3")
    await waiting_since(ledger, 3_600)

    await ledger.tick()

    assert await ledger.told(OrdersMissed, CampaignClosed) == []


async def test_an_operator_closes_on_the_orders_that_are_here(ledger: Ledger) -> None:
    await ended(ledger, applied=2, missing=3)

    answer = await regardless(ledger, 2)
    await ledger.tick()
    late = an_order()
    await ledger.hear(late)

    assert msgspec.to_builtins(answer) == {
        "campaignSlug": SLUG,
        "orderCount": 2,
        "drainedCount": 5,
        "funded": True,
    }
    (closed,) = await ledger.told(CampaignClosed)
    assert (closed.is_funded, closed.pledge_count) == (True, 2)
    assert len(await ledger.told(ChargeRequested)) == 2
    (refused,) = await ledger.told(PledgeRefused)
    assert (refused.order_id, refused.reason) == (late.order_id, "closed")
    noted = await ledger.pool.fetchrow("SELECT action, details FROM operator_actions")
    assert tuple(noted) == (
        "close_regardless",
        {"campaign": SLUG, "orderCount": 2, "drainedCount": 5},
    )
    await ledger.assert_in_sync()


async def test_not_on_a_number_nobody_has_seen(ledger: Ledger) -> None:
    await ended(ledger, applied=2, missing=1)

    with pytest.raises(StateRefused) as refused:
        await regardless(ledger, 3)

    assert refused.value.reason == "count_changed"
    assert refused.value.extra == {"orderCount": 2, "drainedCount": 3}
    assert await ledger.told(CampaignClosed) == []
    assert await ledger.count("operator_actions") == 0


async def test_not_before_the_end_and_not_twice(ledger: Ledger) -> None:
    await ledger.open("one-roll")
    with pytest.raises(StateRefused, match="not_closing"):
        await regardless(ledger, 0, "one-roll")
    await ended(ledger, applied=1, missing=1)
    await regardless(ledger, 1)
    with pytest.raises(StateRefused, match="not_closing"):
        await regardless(ledger, 1)
    with pytest.raises(NotFound):
        await regardless(ledger, 0, "no-such-film")

    assert len(await ledger.told(CampaignClosed)) == 1


async def test_not_while_the_sums_disagree(ledger: Ledger) -> None:
    await ended(ledger, applied=1, missing=1)
    await ledger.owner.execute("UPDATE pledges.campaign_totals SET pledge_count = 3")

    with pytest.raises(StateRefused, match="sums_disagree"):
        await regardless(ledger, 1)

    assert await ledger.told(CampaignClosed) == []
