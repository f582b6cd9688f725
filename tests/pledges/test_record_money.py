"""Money after a charge: shared to the cent, collected less, pledged never, told once."""

from collections.abc import Sequence

import asyncpg
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events.pledges import PledgesLost, PledgesRefunded, TotalsChanged
from contracts.ids import PledgeId
from contracts.money import Cents
from services.chassis.events.early import NotYet
from services.pledges.domain import returning
from services.pledges.domain.pledge import Pledge
from services.pledges.domain.pledging import LedgerFault
from services.pledges.domain.returning import Money, goal_returned
from tests.pledges.builders import (
    AMOUNT,
    NOW,
    SUBTOTAL,
    a_pledge,
    again,
    an_order,
    disputed,
    fees_known,
    first_pledge,
    late,
    lost,
    paid,
    refunded,
)
from tests.pledges.ledger import Ledger

EMAIL = "noor@halfmoon.example"
BOTH = 2 * AMOUNT


async def two_paid(ledger: Ledger) -> list[PledgeId]:
    """Noor pledged twice to a campaign that was funded, and paid."""
    await ledger.open(goal_cents=SUBTOTAL)
    orders = [an_order(email=EMAIL), an_order(email=EMAIL)]
    await ledger.hear(*orders)
    assert await ledger.end(orders) == "closed"
    await ledger.hear(paid(EMAIL, amount=BOTH))
    return sorted(first_pledge(each) for each in orders)


async def moved(ledger: Ledger, kind: str) -> list[int]:
    rows = await ledger.pool.fetch(
        "SELECT cents FROM pledge_money WHERE kind = $1 ORDER BY pledge_id, source", kind
    )
    return [row["cents"] for row in rows]


async def returned(ledger: Ledger, pledge_ids: Sequence[PledgeId]) -> list[int]:
    return [(await ledger.pledge(each)).returned_cents for each in pledge_ids]


async def figures(ledger: Ledger) -> tuple[int, int, int]:
    """Return pledged, collected and returned, as the last totals told them."""
    totals = (await ledger.told(TotalsChanged))[-1]
    return totals.pledged_cents, totals.collected_cents, totals.returned_cents


async def test_a_fee_is_shared_over_the_pledges_and_changes_no_figure(ledger: Ledger) -> None:
    await two_paid(ledger)
    before = await figures(ledger)

    event = fees_known(EMAIL, gross=BOTH, fee=375)
    await ledger.hear(event, again(event))

    assert (await moved(ledger, "gross"), await moved(ledger, "fee")) == (
        [AMOUNT, AMOUNT],
        [-188, -187],
    )
    assert await figures(ledger) == before
    await ledger.assert_in_sync()


async def test_everything_refunded_is_collected_no_more_and_stays_pledged(ledger: Ledger) -> None:
    pledge_ids = await two_paid(ledger)

    event = refunded(EMAIL, BOTH)
    await ledger.hear(event, event)

    assert await returned(ledger, pledge_ids) == [AMOUNT, AMOUNT]
    assert await figures(ledger) == (2 * SUBTOTAL, 0, 2 * SUBTOTAL)
    (told,) = await ledger.told(PledgesRefunded)
    assert (told.amount_cents, told.returned_cents, told.state) == (BOTH, BOTH, "returned")
    assert sorted(told.notice.pledge_ids) == pledge_ids
    assert (await ledger.pledge(pledge_ids[0])).status == "charged"
    await ledger.assert_in_sync()


async def test_parts_add_up_to_the_whole_whatever_they_are(ledger: Ledger) -> None:
    pledge_ids = await two_paid(ledger)

    for number, amount in enumerate((1, 333, 4_000, BOTH - 4_334)):
        await ledger.hear(refunded(EMAIL, amount, refund=f"rf_{number}"))
        await ledger.assert_in_sync()

    assert await returned(ledger, pledge_ids) == [AMOUNT, AMOUNT]
    assert await figures(ledger) == (2 * SUBTOTAL, 0, 2 * SUBTOTAL)
    told = await ledger.told(PledgesRefunded)
    assert [each.returned_cents for each in told] == [1, 334, 4_334, BOTH]


async def test_one_pledges_refund_is_its_own(ledger: Ledger) -> None:
    first, second = await two_paid(ledger)

    await ledger.hear(refunded(EMAIL, 500, pledge=second))

    assert await returned(ledger, [first, second]) == [0, 500]
    (told,) = await ledger.told(PledgesRefunded)
    assert told.notice.pledge_ids == (second,)
    with pytest.raises(LedgerFault, match="did not pay for"):
        await ledger.hear(refunded(EMAIL, 1, refund="rf_2", pledge=PledgeId("pool-intent-x")))


async def test_one_pledges_refund_takes_no_more_than_it_has_left(ledger: Ledger) -> None:
    """Something went back of both before; what the one has not, the other gives."""
    first, second = await two_paid(ledger)

    await ledger.hear(refunded(EMAIL, AMOUNT))
    assert await returned(ledger, [first, second]) == [AMOUNT // 2, AMOUNT // 2]
    await ledger.hear(refunded(EMAIL, AMOUNT, refund="rf_2", pledge=first))

    assert await returned(ledger, [first, second]) == [AMOUNT, AMOUNT]
    assert await figures(ledger) == (2 * SUBTOTAL, 0, 2 * SUBTOTAL)
    await ledger.assert_in_sync()


async def test_a_refund_that_failed_is_collected_again(ledger: Ledger) -> None:
    pledge_ids = await two_paid(ledger)
    before = await figures(ledger)

    await ledger.hear(refunded(EMAIL, 777))
    await ledger.hear(refunded(EMAIL, 777, state="failed"), refunded(EMAIL, 777, state="failed"))

    assert await returned(ledger, pledge_ids) == [0, 0]
    assert await figures(ledger) == before
    told = await ledger.told(PledgesRefunded)
    assert [(each.state, each.returned_cents) for each in told] == [
        ("returned", 777),
        ("failed", 0),
    ]
    await ledger.assert_in_sync()


async def test_a_failure_before_its_refund_waits(ledger: Ledger) -> None:
    await two_paid(ledger)

    with pytest.raises(NotYet):
        await ledger.hear(refunded(EMAIL, 777, state="failed"))


async def test_money_of_a_charge_we_have_not_heard_of_waits(ledger: Ledger) -> None:
    await two_paid(ledger)

    for event in (refunded(EMAIL, 1, charge="ch_2"), disputed(EMAIL, withdrawn=1, charge="ch_2")):
        with pytest.raises(NotYet):
            await ledger.hear(event)


async def test_a_dispute_withdraws_and_a_won_one_gives_back(ledger: Ledger) -> None:
    pledge_ids = await two_paid(ledger)
    before = await figures(ledger)

    await ledger.hear(disputed(EMAIL, withdrawn=BOTH, fee=1_500))
    taken = await figures(ledger)
    await ledger.hear(disputed(EMAIL, withdrawn=0, fee=0, version=2, status="won"))
    await ledger.hear(disputed(EMAIL, withdrawn=BOTH, fee=1_500))

    assert taken == (2 * SUBTOTAL, 0, 2 * SUBTOTAL)
    assert await figures(ledger) == before
    assert await returned(ledger, pledge_ids) == [0, 0]
    assert sum(await moved(ledger, "dispute")) == 0
    assert sum(await moved(ledger, "dispute_fee")) == 0
    assert await ledger.told(PledgesRefunded) == []
    await ledger.assert_in_sync()


async def test_an_inquiry_changes_nothing(ledger: Ledger) -> None:
    await two_paid(ledger)
    before = await ledger.told()

    await ledger.hear(disputed(EMAIL, withdrawn=0, status="warning_needs_response"))

    assert await ledger.told() == before


async def test_a_part_refunded_and_then_all_disputed_is_never_collected_below_nothing(
    ledger: Ledger,
) -> None:
    await two_paid(ledger)

    await ledger.hear(refunded(EMAIL, 1_000), disputed(EMAIL, withdrawn=BOTH))

    assert await figures(ledger) == (2 * SUBTOTAL, 0, 2 * SUBTOTAL)
    await ledger.assert_in_sync()


async def test_late_support_that_is_refunded_is_late_support_no_more(ledger: Ledger) -> None:
    await two_paid(ledger)
    order = late(an_order(email=EMAIL))
    await ledger.hear(order)
    purpose = f"late:{order.order_id}"
    success = msgspec.structs.replace(paid(EMAIL, charge="ch_2"), purpose=purpose)
    await ledger.hear(success)
    before = (await ledger.stats()).late_support_amount

    await ledger.hear(refunded(EMAIL, AMOUNT, charge="ch_2", purpose=purpose))

    stats = await ledger.stats()
    assert (before, stats.late_support_amount) == (SUBTOTAL, 0)
    assert stats.collected_amount == 2 * SUBTOTAL
    await ledger.assert_in_sync()


async def test_a_campaign_that_gives_back_loses_what_was_never_charged(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    order = an_order(email=EMAIL)
    await ledger.hear(order)
    assert await ledger.end([order]) == "closed"

    with pytest.raises(LedgerFault, match="active and was lost"):
        await ledger.hear(lost(EMAIL))
    await ledger.hear(msgspec.structs.replace(lost(EMAIL), because="refunded"))

    stats = await ledger.stats()
    assert (stats.lost_amount, stats.recovering_amount, stats.pledged_amount) == (
        SUBTOTAL,
        0,
        SUBTOTAL,
    )
    (told,) = await ledger.told(PledgesLost)
    assert told.is_refunded
    await ledger.assert_in_sync()


async def test_what_was_cancelled_at_stripe_before_we_heard_of_a_decline_is_lost(
    ledger: Ledger,
) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    order = an_order(email=EMAIL)
    await ledger.hear(order)
    assert await ledger.end([order]) == "closed"

    await ledger.hear(msgspec.structs.replace(lost(EMAIL), because="cancelled_at_stripe"))

    stats = await ledger.stats()
    assert (stats.lost_amount, stats.recovering_amount) == (SUBTOTAL, 0)
    (told,) = await ledger.told(PledgesLost)
    assert not told.is_refunded
    await ledger.assert_in_sync()


async def test_money_rows_are_only_added(ledger: Ledger) -> None:
    await two_paid(ledger)
    await ledger.hear(refunded(EMAIL, 1))

    with pytest.raises(asyncpg.RaiseError, match="money_is_append_only"):
        await ledger.owner.execute("DELETE FROM pledges.pledge_money")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ledger.pool.execute("UPDATE pledge_money SET cents = 0")


prices = st.integers(50, 10**7)


@given(prices, st.data())
def test_the_goals_part_of_what_returned_grows_with_it_to_all_of_it(
    total: int, data: st.DataObject
) -> None:
    goal = data.draw(st.integers(0, total))
    some = data.draw(st.integers(0, total))
    more = data.draw(st.integers(some, total))

    def part(cents: int) -> int:
        return goal_returned(priced(goal, total, returned=cents))

    assert 0 <= part(some) <= part(more) <= goal
    assert (part(0), part(total), part(2 * total)) == (0, goal, goal)


@given(st.lists(prices, min_size=1, max_size=5), st.data())
def test_refunds_are_shared_to_the_cent_and_take_no_pledge_below_nothing(
    totals: list[int], data: st.DataObject
) -> None:
    pledges = [priced(total, total, number=number) for number, total in enumerate(totals)]
    parts = data.draw(st.lists(st.integers(1, sum(totals)), max_size=5))
    left = sum(totals)

    for number, amount in enumerate(each for each in parts if each <= left):
        if amount > left:
            break
        left -= amount
        meant = data.draw(st.sampled_from([None, *(each.pledge_id for each in pledges)]))
        event = refunded(EMAIL, amount, refund=f"rf_{number}", pledge=meant)
        taken = returning.refund(event, pledges, [])
        assert sum(each.cents for each in taken) == -amount
        pledges = [after(each, taken) for each in pledges]
        assert all(0 <= each.returned_cents <= each.price.total_cents for each in pledges)


def priced(goal: int, total: int, *, returned: int = 0, number: int = 0) -> Pledge:
    pledge = a_pledge(pledge_id=PledgeId(f"p{number}"), returned_cents=Cents(returned))
    price = msgspec.structs.replace(
        pledge.price,
        subtotal_cents=Cents(goal),
        shipping_cents=Cents(total - goal),
        tax_cents=Cents(0),
        tip_cents=Cents(0),
        goal_cents=Cents(goal),
        total_cents=Cents(total),
    )
    return msgspec.structs.replace(pledge, price=price)


def after(pledge: Pledge, taken: list[Money]) -> Pledge:
    change = returning.take(pledge, taken, "refunded", "refunded:rf", now=NOW)
    return pledge if change is None else change.pledge
