"""What became of a charge: charged once; payment_failed until it is."""

from collections.abc import Callable

import pytest

from contracts.events.base import Event
from contracts.events.pledges import PledgesCharged, PledgesChargeFailed, TotalsChanged
from services.chassis.events.early import NotYet
from services.pledges.domain.pledging import LedgerFault
from tests.pledges.builders import AMOUNT, SUBTOTAL, again, an_order, declined, first_pledge, paid
from tests.pledges.ledger import Ledger

EMAIL = "noor@halfmoon.example"


async def closed_with_two_pledges(ledger: Ledger) -> None:
    """Noor pledged twice to a campaign that was funded."""
    await ledger.open(goal_cents=SUBTOTAL)
    orders = [an_order(email=EMAIL), an_order(email=EMAIL)]
    await ledger.hear(*orders)
    assert await ledger.end(orders) == "closed"


async def test_a_success_charges_every_pledge_of_the_sum_and_is_told_once(ledger: Ledger) -> None:
    await closed_with_two_pledges(ledger)

    await ledger.hear(paid(EMAIL, amount=2 * AMOUNT))
    (charged,) = await ledger.told(PledgesCharged)
    stats = await ledger.stats()
    rows = await ledger.pool.fetch(
        "SELECT charged_cents, payment_intent_id FROM pledge_history WHERE entry_type = 'charged'"
    )

    assert charged.notice.total_cents == 2 * AMOUNT
    assert len(charged.notice.pledge_ids) == 2
    assert (stats.collected_amount, stats.recovering_amount) == (2 * SUBTOTAL, 0)
    assert stats.pledged_amount == 2 * SUBTOTAL
    assert [tuple(row) for row in rows] == [(AMOUNT, "pi_ch_1"), (AMOUNT, "pi_ch_1")]
    await ledger.assert_in_sync()


async def test_a_success_told_again_changes_nothing(ledger: Ledger) -> None:
    await closed_with_two_pledges(ledger)

    for _ in range(5):
        await ledger.hear(paid(EMAIL, amount=2 * AMOUNT))

    assert len(await ledger.told(PledgesCharged)) == 1
    assert await ledger.count("pledge_history") == 4
    await ledger.assert_in_sync()


async def test_a_decline_recovers_and_a_later_success_collects(ledger: Ledger) -> None:
    await closed_with_two_pledges(ledger)

    await ledger.hear(declined(EMAIL, amount=2 * AMOUNT), declined(EMAIL, amount=2 * AMOUNT))
    recovering = await ledger.stats()
    await ledger.hear(declined(EMAIL, amount=2 * AMOUNT, attempt=2))
    await ledger.hear(paid(EMAIL, amount=2 * AMOUNT))
    collected = await ledger.stats()
    failed = await ledger.told(PledgesChargeFailed)

    assert (recovering.recovering_amount, recovering.collected_amount) == (2 * SUBTOTAL, 0)
    assert (collected.recovering_amount, collected.collected_amount) == (0, 2 * SUBTOTAL)
    assert [each.decline_code for each in failed] == ["insufficient_funds"] * 2
    await ledger.assert_in_sync()


async def test_news_of_a_decline_after_the_success_takes_nothing_back(ledger: Ledger) -> None:
    await closed_with_two_pledges(ledger)
    await ledger.hear(paid(EMAIL, amount=2 * AMOUNT))
    before = await ledger.told()

    await ledger.hear(declined(EMAIL, amount=2 * AMOUNT))

    assert (await ledger.stats()).collected_amount == 2 * SUBTOTAL
    assert await ledger.told() == before


async def test_an_outcome_before_its_request_waits(ledger: Ledger) -> None:
    await ledger.open()

    with pytest.raises(NotYet):
        await ledger.hear(paid(EMAIL))


@pytest.mark.parametrize(
    "news",
    [
        pytest.param(lambda: paid(EMAIL, amount=AMOUNT), id="another sum"),
        pytest.param(lambda: paid(EMAIL, amount=2 * AMOUNT, charge="ch_2"), id="a second charge"),
    ],
)
async def test_money_nobody_asked_for_is_a_fault_and_changes_nothing(
    ledger: Ledger, news: Callable[[], Event]
) -> None:
    await closed_with_two_pledges(ledger)
    await ledger.hear(paid(EMAIL, amount=2 * AMOUNT))
    before = await ledger.told(TotalsChanged)

    with pytest.raises(LedgerFault):
        await ledger.hear(news())

    assert await ledger.told(TotalsChanged) == before
    await ledger.assert_in_sync()


async def test_whatever_the_order_of_the_news_the_end_is_the_same(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    order = an_order(email=EMAIL)
    await ledger.hear(order)
    await ledger.end([order])
    news = [declined(EMAIL), paid(EMAIL), declined(EMAIL, attempt=2), again(order)]

    for each in (*reversed(news), *news):
        await ledger.hear(each)
    pledge = await ledger.pledge(first_pledge(order))

    assert (pledge.status, pledge.charge_id) == ("charged", "ch_1")
    assert len(await ledger.told(PledgesCharged)) == 1
    await ledger.assert_in_sync()
