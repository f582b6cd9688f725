"""The loop that closes: nobody waits for another, and an operator hears of the stuck."""

import asyncio
import random
from collections.abc import Awaitable
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from contracts.events.pledges import ChargeRequested, PledgesReleased, TotalsChanged
from services.chassis.process.telemetry import REGISTRY
from services.chassis.storage.database import transaction
from services.pledges.domain.figures import Correction
from services.pledges.handlers.announce_close import BATCH
from services.pledges.handlers.apply_orders import apply_orders
from services.pledges.schedules.closing import Closer
from tests.pledges.builders import (
    SUBTOTAL,
    a_definition,
    an_order,
    deadline_passed,
    drained,
    first_pledge,
    published,
)
from tests.pledges.ledger import Ledger

T = TypeVar("T")
# Fewer than the pool has connections: nobody waits for one, only for rows.
AT_ONCE = 8


async def at_once(*work: Awaitable[T]) -> list[T]:
    """Do all of it, so many side by side; return what came of each in the same order."""
    hands = asyncio.Semaphore(AT_ONCE)

    async def one(deed: Awaitable[T]) -> T:
        async with hands:
            return await deed

    return await asyncio.gather(*(one(deed) for deed in work))


async def test_a_campaign_that_waits_five_minutes_pages_the_operator_once_a_minute(
    ledger: Ledger,
) -> None:
    slug = await ledger.open()
    await ledger.advance(days=30)
    await ledger.hear(deadline_passed())
    closer = Closer(ledger.pool)

    with capture_logs() as early:
        await closer.tick()
        await closer.tick()
    await ledger.owner.execute(
        "UPDATE pledges.campaign_state SET closing_since = clock_timestamp() - interval '6 min'"
    )
    with capture_logs() as late:
        await closer.tick()
        await closer.tick()

    assert early == []
    (alert,) = [each for each in late if each["event"] == "closing_stuck"]
    assert (alert["event"], alert["log_level"]) == ("closing_stuck", "error")
    assert (alert["campaign"], alert["outcome"], alert["has_drained"]) == (slug, "waiting", False)
    assert REGISTRY.get_sample_value("ledger_closing_campaigns") == 1
    assert (REGISTRY.get_sample_value("ledger_closing_oldest_seconds") or 0) >= 360


async def test_sums_that_disagree_page_the_operator_at_once(ledger: Ledger) -> None:
    await ledger.open()
    await ledger.owner.execute("UPDATE pledges.campaign_totals SET pledge_count = 3")
    await ledger.hear(deadline_passed(), drained([]))

    with capture_logs() as logs:
        await Closer(ledger.pool).tick()

    assert [each["outcome"] for each in logs if each["event"] == "closing_stuck"] == ["disagrees"]
    assert REGISTRY.get_sample_value("ledger_disagreeing_campaigns") == 1


async def test_a_campaign_somebody_holds_does_not_keep_the_others_open(ledger: Ledger) -> None:
    held, free = await ledger.open("forty-chairs"), await ledger.open("one-roll")
    await ledger.hear(
        *(event for slug in (held, free) for event in (deadline_passed(slug), drained([], slug)))
    )

    async with transaction(ledger.pool) as conn:
        await conn.execute("SELECT 1 FROM campaign_state WHERE campaign = $1 FOR SHARE", held)
        with capture_logs() as logs:
            await ledger.tick()

    assert [each["event"] for each in logs] == ["close_failed", "campaign_closed"]
    assert (await ledger.stats(free)).state == "post"
    await ledger.tick()
    assert (await ledger.stats(held)).state == "post"


@pytest.mark.parametrize(
    ("goal", "told"),
    [
        pytest.param(SUBTOTAL, ChargeRequested, id="funded"),
        pytest.param(10**9, PledgesReleased, id="not funded"),
    ],
)
async def test_events_of_a_close_are_cut_in_batches_each_supporter_once(
    ledger: Ledger, goal: int, told: type[ChargeRequested] | type[PledgesReleased]
) -> None:
    orders = [an_order() for _ in range(2 * BATCH + 7)]
    await ledger.open(goal_cents=goal)
    async with transaction(ledger.pool) as conn:
        await apply_orders(conn, orders)
    await ledger.end(orders)

    await asyncio.gather(ledger.tick(), ledger.tick())
    events = await ledger.told(told)

    assert len(events) == len(orders)
    supporters = {
        each.supporter_id if isinstance(each, ChargeRequested) else each.notice.supporter_id
        for each in events
    }
    assert supporters == {order.supporter_id for order in orders}
    assert REGISTRY.get_sample_value("ledger_unannounced", {"kind": "charge_request"}) == 0


async def test_totals_recalculated_while_pledges_come_and_go_stay_right(ledger: Ledger) -> None:
    """R-22: an operator's repair loses nothing that happens meanwhile."""
    await ledger.open()
    orders = [an_order() for _ in range(40)]
    await ledger.owner.execute("UPDATE pledges.campaign_totals SET pledged_cents = 123456")

    async def come_and_go(number: int) -> None:
        await ledger.hear(orders[number])
        if number % 3 == 0:
            await ledger.cancel(first_pledge(orders[number]))

    corrections: list[Correction] = []

    async def repair() -> None:
        corrections.append(await ledger.recalculate())

    work = [*(come_and_go(number) for number in range(40)), *(repair() for _ in range(5))]
    random.Random(22).shuffle(work)
    await at_once(*work)
    await ledger.recalculate()
    versions = [each.version for each in await ledger.told(TotalsChanged)]

    assert sum(each.corrected for each in corrections) == 1
    assert versions == list(range(1, len(versions) + 1))
    assert (await ledger.stats()).pledged_amount == 26 * SUBTOTAL
    assert await ledger.count("totals_corrections") == 1
    await ledger.assert_in_sync()


async def test_a_definition_moved_while_it_is_pledged_to_deadlocks_nobody(ledger: Ledger) -> None:
    await ledger.open()
    orders = [an_order() for _ in range(20)]

    await at_once(
        *(ledger.hear(order) for order in orders),
        *(ledger.hear(published(a_definition(version=n))) for n in range(2, 12)),
        ledger.hear(deadline_passed()),
    )

    assert (await ledger.stats()).pledge_count == 20
    await ledger.assert_in_sync()
