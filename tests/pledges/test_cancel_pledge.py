"""A pledge is withdrawn by its holder, before the deadline, once."""

import asyncio

import msgspec
import pytest

from contracts.events.pledges import PledgeCancelled, TotalsChanged
from contracts.refusals import NotFound, NotYours, Refusal, StateRefused
from services.chassis.storage.database import transaction
from services.pledges.handlers.cancel_pledge import cancel_pledge
from tests.pledges.builders import SLUG, an_order, first_pledge, paid
from tests.pledges.ledger import Ledger


async def test_a_cancelled_pledge_leaves_the_totals_and_keeps_its_figures(ledger: Ledger) -> None:
    await ledger.open()
    order, other = an_order(), an_order()
    await ledger.hear(order, other)

    record = await ledger.cancel(first_pledge(order))
    stats = await ledger.stats()
    (cancelled,) = await ledger.told(PledgeCancelled)

    assert (record.pledge_status, record.can_cancel, record.can_modify) == (
        "cancelled",
        False,
        False,
    )
    assert record.amount == 5_944
    assert [each["type"] for each in record.history] == ["created", "cancelled"]
    assert record.history[1]["amountDelta"] == -5_944
    assert (stats.pledge_count, stats.supporter_count, stats.pledged_amount) == (1, 1, 5_000)
    assert stats.tier_counts == {"producer-credit": 2}
    assert (cancelled.pledge.status, cancelled.pledge.revision) == ("cancelled", 2)
    await ledger.assert_in_sync()


async def test_cancelling_again_changes_nothing(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)
    await ledger.cancel(first_pledge(order))

    with pytest.raises(StateRefused, match="pledge_cancelled"):
        await ledger.cancel(first_pledge(order))

    assert len(await ledger.told(PledgeCancelled)) == 1
    assert (await ledger.stats()).pledge_count == 0
    await ledger.assert_in_sync()


async def test_a_copy_of_the_order_does_not_revive_a_cancelled_pledge(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)
    await ledger.cancel(first_pledge(order))

    await ledger.hear(msgspec.structs.replace(order, event_id="another"))

    assert (await ledger.pledge(first_pledge(order))).status == "cancelled"
    assert (await ledger.stats()).pledge_count == 0
    await ledger.assert_in_sync()


async def test_after_the_deadline_it_is_too_late_even_before_anybody_closed(
    ledger: Ledger,
) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)
    await ledger.advance(days=10, seconds=1)

    with pytest.raises(StateRefused, match="deadline_passed"):
        await ledger.cancel(first_pledge(order))

    await ledger.advance(days=-30)
    await ledger.hear_the_end([order])
    with pytest.raises(StateRefused, match="deadline_passed"):
        await ledger.cancel(first_pledge(order))


async def test_a_charged_pledge_stays(ledger: Ledger) -> None:
    await ledger.open(goal_cents=5_000)
    order = an_order()
    await ledger.hear(order)
    await ledger.end([order])
    await ledger.hear(paid(order.email))

    with pytest.raises(StateRefused, match="pledge_charged"):
        await ledger.cancel(first_pledge(order))


async def test_a_link_opens_its_own_pledge_only(ledger: Ledger) -> None:
    await ledger.open()
    await ledger.open("one-roll")
    order = an_order(email="noor@halfmoon.example")
    await ledger.hear(order)
    link = await ledger.link(first_pledge(order))
    refused: list[type[Refusal]] = []

    for changed in (
        msgspec.structs.replace(link, email="someone@else.example"),
        msgspec.structs.replace(link, campaign_slug="one-roll"),
        msgspec.structs.replace(link, campaign_slug="never-heard-of"),
        msgspec.structs.replace(link, pledge_id="pool-intent-gone"),
    ):
        with pytest.raises(Refusal) as caught:
            async with transaction(ledger.pool) as conn:
                await cancel_pledge(conn, changed, order_id=None)
        refused.append(caught.type)
    with pytest.raises(NotYours):
        await ledger.cancel(first_pledge(order), order_id="pool-intent-other")

    assert refused == [NotYours, NotYours, NotYours, NotFound]
    record = await ledger.cancel(first_pledge(order), order_id=first_pledge(order))
    assert record.pledge_status == "cancelled"


async def test_the_address_in_a_link_may_be_spelled_in_another_way(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order(email="Noor@Halfmoon.example")
    await ledger.hear(order)
    link = msgspec.structs.replace(
        await ledger.link(first_pledge(order)), email="noor@halfmoon.EXAMPLE"
    )

    async with transaction(ledger.pool) as conn:
        record = await cancel_pledge(conn, link, order_id=None)

    assert record.pledge_status == "cancelled"


async def test_ten_at_once_cancel_once(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)

    answers = await asyncio.gather(
        *(ledger.cancel(first_pledge(order)) for _ in range(10)), return_exceptions=True
    )

    assert sum(not isinstance(each, Exception) for each in answers) == 1
    assert {str(each) for each in answers if isinstance(each, Exception)} == {"pledge_cancelled"}
    assert len(await ledger.told(TotalsChanged)) == 2
    await ledger.assert_in_sync()


async def test_the_clock_is_read_after_the_wait_for_the_pledge(ledger: Ledger) -> None:
    """A cancellation that waited across the deadline is too late."""
    await ledger.open()
    order = an_order()
    await ledger.hear(order)
    await ledger.owner.execute(
        "UPDATE pledges.campaign_state SET deadline_at = platform.now() + interval '0.4s'"
    )
    holder = await ledger.pool.acquire()
    held = holder.transaction()
    await held.start()
    await holder.execute(
        "SELECT 1 FROM pledges WHERE pledge_id = $1 FOR UPDATE", first_pledge(order)
    )

    waiting = asyncio.create_task(ledger.cancel(first_pledge(order)))
    await asyncio.sleep(0.8)
    await held.rollback()
    await ledger.pool.release(holder)

    with pytest.raises(StateRefused, match="deadline_passed"):
        await waiting
    assert (await ledger.pledge(first_pledge(order))).campaign == SLUG
