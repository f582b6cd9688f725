"""The close: exactly the orders that checkout counted, in one transaction, once."""

import asyncio
from datetime import timedelta
from itertools import groupby
from random import Random

import msgspec
import pytest

from contracts.events.pledges import (
    CampaignClosed,
    ChargeRequested,
    PledgesReleased,
    TotalsChanged,
)
from contracts.refusals import StateRefused
from tests.pledges.builders import (
    AMOUNT,
    DEADLINE,
    NOW,
    SLUG,
    SUBTOTAL,
    again,
    an_order,
    deadline_passed,
    drained,
    first_pledge,
)
from tests.pledges.ledger import Ledger


async def test_a_funded_campaign_asks_for_one_charge_per_supporter_on_the_newest_card(
    ledger: Ledger,
) -> None:
    await ledger.open(goal_cents=2 * SUBTOTAL)
    older = an_order(email="noor@halfmoon.example", completed_at=NOW, last4="1111")
    newer = an_order(
        email="NOOR@halfmoon.example", completed_at=NOW + timedelta(hours=1), last4="2222"
    )
    other, left = an_order(), an_order(email="noor@halfmoon.example", last4="3333")
    await ledger.hear(newer, older, other, left)
    await ledger.cancel(first_pledge(left))

    assert await ledger.end([newer, older, other, left]) == "closed"
    await ledger.tick()
    (closed,) = await ledger.told(CampaignClosed)
    requests = {each.supporter_id: each for each in await ledger.told(ChargeRequested)}

    assert (closed.is_funded, closed.pledged_cents, closed.pledge_count) == (True, 15_000, 3)
    assert requests[older.supporter_id].amount_cents == 2 * AMOUNT
    assert set(requests[older.supporter_id].pledge_ids) == {
        first_pledge(older),
        first_pledge(newer),
    }
    assert requests[older.supporter_id].card.last4 == "2222"
    assert requests[other.supporter_id].amount_cents == AMOUNT
    assert len(requests) == 2
    await ledger.assert_in_sync()


async def test_two_pledges_made_within_one_second_are_charged_to_the_later_card(
    ledger: Ledger,
) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    pairs = [
        [
            msgspec.structs.replace(
                an_order(email=f"noor{number}@halfmoon.example", last4=last4),
                occurred_at=NOW + timedelta(milliseconds=after),
            )
            for last4, after in (("1111", 100), ("2222", 600))
        ]
        for number in range(8)
    ]
    orders = [order for pair in pairs for order in pair]
    await ledger.hear(*orders)

    assert await ledger.end(orders) == "closed"
    await ledger.tick()

    cards = [each.card.last4 for each in await ledger.told(ChargeRequested)]
    assert cards == ["2222"] * len(pairs)


async def test_an_unfunded_campaign_releases_everybody_and_tells_each_once(
    ledger: Ledger,
) -> None:
    await ledger.open(goal_cents=4 * SUBTOTAL)
    orders = [an_order(email=f"{name}@halfmoon.example") for name in ("noor", "ines", "noor")]
    await ledger.hear(*orders)

    await ledger.end(orders)
    await ledger.tick()
    await ledger.tick()
    released = await ledger.told(PledgesReleased)
    (closed,) = await ledger.told(CampaignClosed)

    assert (closed.is_funded, closed.pledged_cents) == (False, 3 * SUBTOTAL)
    assert [len(each.notice.pledge_ids) for each in released] in ([1, 2], [2, 1])
    assert sum(each.notice.total_cents for each in released) == 3 * AMOUNT
    assert (await ledger.pledge(first_pledge(orders[0]))).status == "released"
    assert await ledger.told(ChargeRequested) == []
    assert (await ledger.stats()).pledged_amount == 3 * SUBTOTAL
    await ledger.assert_in_sync()


@pytest.mark.parametrize(
    ("goal", "is_funded"),
    [
        pytest.param(SUBTOTAL, True, id="reached to the cent"),
        pytest.param(SUBTOTAL + 1, False, id="a cent short"),
        pytest.param(0, False, id="no goal is never reached"),
    ],
)
async def test_funded_means_that_the_goal_is_reached(
    ledger: Ledger, goal: int, is_funded: bool
) -> None:
    await ledger.open(goal_cents=goal)
    order = an_order()
    await ledger.hear(order)

    await ledger.end([order])
    (closed,) = await ledger.told(CampaignClosed)

    assert closed.is_funded is is_funded


async def test_a_campaign_nobody_pledged_to_closes_as_well(ledger: Ledger) -> None:
    await ledger.open()

    assert await ledger.end([]) == "closed"
    await ledger.tick()
    (closed,) = await ledger.told(CampaignClosed)

    assert (closed.is_funded, closed.pledge_count) == (False, 0)
    assert await ledger.told(PledgesReleased) == []


async def test_it_waits_for_exactly_the_orders_that_were_counted(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    heard, on_its_way = an_order(), an_order(completed_at=DEADLINE - timedelta(seconds=1))
    too_late = an_order(completed_at=DEADLINE)
    await ledger.hear(heard)

    assert await ledger.end([heard, on_its_way, too_late]) == "waiting"
    assert (await ledger.stats()).state == "closing"
    await ledger.hear(on_its_way)
    assert await ledger.close() == "waiting"
    await ledger.hear(too_late)
    assert await ledger.close() == "closed"
    assert (await ledger.stats()).pledge_count == 2


async def test_the_same_number_of_other_orders_is_not_the_same_set(ledger: Ledger) -> None:
    await ledger.open()
    await ledger.hear(an_order())

    assert await ledger.end([an_order()]) == "waiting"


async def test_a_later_count_replaces_an_earlier_one_and_not_the_reverse(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)
    await ledger.hear(drained([order], at=DEADLINE + timedelta(seconds=2)))
    await ledger.hear(drained([], at=DEADLINE))

    assert await ledger.close() == "closed"


async def test_closing_twice_and_hearing_the_end_again_changes_nothing(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    order = an_order()
    await ledger.hear(order)
    await ledger.end([order])
    await ledger.tick()
    before = await ledger.told()

    await ledger.hear(deadline_passed(), drained([order]), drained([]), again(order))
    assert await ledger.close() == "closed"
    await ledger.tick()

    assert await ledger.told() == before


async def test_from_the_deadline_on_pages_hear_that_it_is_being_counted(ledger: Ledger) -> None:
    await ledger.open()
    await ledger.advance(days=30)
    await ledger.hear(deadline_passed())

    await ledger.tick()

    assert (await ledger.stats()).state == "closing"
    assert len(await ledger.told(TotalsChanged)) == 1
    assert await ledger.told(CampaignClosed) == []


async def test_a_deadline_before_ours_is_another_definitions(ledger: Ledger) -> None:
    await ledger.open()

    await ledger.hear(deadline_passed(at=DEADLINE - timedelta(days=1)))
    await ledger.tick()

    assert (await ledger.stats()).state == "live"


async def test_a_campaign_whose_sums_disagree_stays_closing_until_it_is_repaired(
    ledger: Ledger,
) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    order = an_order()
    await ledger.hear(order)
    await ledger.owner.execute("UPDATE pledges.campaign_totals SET pledged_cents = 999999")

    assert await ledger.end([order]) == "disagrees"
    await ledger.recalculate()
    assert await ledger.close() == "closed"
    (closed,) = await ledger.told(CampaignClosed)

    assert closed.pledged_cents == SUBTOTAL


async def test_charges_asked_for_are_those_active_at_the_close_whoever_cancels_meanwhile(
    ledger: Ledger,
) -> None:
    """R-8: 200 cancellations and the close at once."""
    await ledger.open(goal_cents=SUBTOTAL)
    orders = [an_order(email=f"s{n // 2}@halfmoon.example") for n in range(200)]
    await ledger.hear(*orders)
    await ledger.owner.execute(
        "UPDATE pledges.campaign_state SET deadline_at = platform.now() + interval '0.4s'"
    )
    await ledger.hear(drained(orders))
    chance = Random(1)
    crowd = asyncio.Semaphore(12)
    reasons: set[str] = set()

    async def cancel(number: int) -> bool:
        async with crowd:
            await asyncio.sleep(chance.random() / 50)
            try:
                await ledger.cancel(first_pledge(orders[number]))
            except StateRefused as exc:
                reasons.add(exc.reason)
                return False
            return True

    async def close() -> str:
        await asyncio.sleep(0.25)
        return await ledger.close()

    outcome, *answers = await asyncio.gather(close(), *(cancel(n) for n in range(200)))
    await ledger.tick()
    requests = await ledger.told(ChargeRequested)
    kept = [orders[n] for n, was_cancelled in enumerate(answers) if not was_cancelled]

    assert outcome == "closed"
    assert reasons == {"deadline_passed"}
    assert 0 < len(kept) < 200
    assert {pledge for each in requests for pledge in each.pledge_ids} == {
        first_pledge(order) for order in kept
    }
    assert sum(each.amount_cents for each in requests) == AMOUNT * len(kept)
    by_supporter = [k for k, _ in groupby(sorted(order.supporter_id for order in kept))]
    assert len(requests) == len(by_supporter)
    assert await ledger.pool.fetchval(
        "SELECT count(*) FROM pledges WHERE campaign = $1 AND status = 'active'", SLUG
    ) == len(kept)
    await ledger.assert_in_sync()
