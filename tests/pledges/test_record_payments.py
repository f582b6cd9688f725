"""Successes and fees that are applied by one call: what each alone comes to, once."""

import pytest

from contracts.events.pledges import PledgesCharged, TotalsChanged
from contracts.events.settlement import ChargeSucceeded, FeesKnown
from services.chassis.events.early import NotYet
from services.chassis.storage.database import transaction
from services.pledges.domain.pledging import LedgerFault
from services.pledges.handlers.record_payments import Payment, record_payments
from tests.pledges.builders import AMOUNT, SUBTOTAL, again, an_order, fees_known, first_pledge, paid
from tests.pledges.ledger import Ledger

NOOR, ABEL = "noor@halfmoon.example", "abel@halfmoon.example"


async def closed(ledger: Ledger) -> list[str]:
    """Noor pledged twice and Abel once to a campaign that was funded; return the pledges."""
    await ledger.open(goal_cents=SUBTOTAL)
    orders = [an_order(email=NOOR), an_order(email=NOOR), an_order(email=ABEL)]
    await ledger.hear(*orders)
    assert await ledger.end(orders) == "closed"
    return [first_pledge(each) for each in orders]


def news() -> list[Payment]:
    """Return both successes, one of them twice, and both fees."""
    noor, abel = paid(NOOR, amount=2 * AMOUNT), paid(ABEL, charge="ch_2")
    return [
        noor,
        abel,
        fees_known(NOOR, gross=2 * AMOUNT),
        again(noor),
        fees_known(ABEL, charge="ch_2"),
        again(fees_known(NOOR, gross=2 * AMOUNT)),
    ]


async def hear_together(ledger: Ledger, told: list[Payment]) -> None:
    async with transaction(ledger.pool) as conn:
        await record_payments(conn, told)


async def revisions(ledger: Ledger) -> list[tuple[str, int, str]]:
    rows = await ledger.pool.fetch("SELECT status, revision, charge_id FROM pledges ORDER BY 3")
    return [tuple(row) for row in rows]


async def moved(ledger: Ledger) -> list[tuple[str, str, int]]:
    rows = await ledger.pool.fetch(
        "SELECT kind, charge_id, cents FROM pledge_money ORDER BY kind, charge_id, cents"
    )
    return [tuple(row) for row in rows]


async def test_many_at_once_are_what_each_is_alone_and_change_the_totals_once(
    ledger: Ledger,
) -> None:
    await closed(ledger)
    before = len(await ledger.told(TotalsChanged))

    await hear_together(ledger, news())
    stats = await ledger.stats()
    charged: list[PledgesCharged] = await ledger.told(PledgesCharged)

    assert await revisions(ledger) == [("charged", 2, "ch_1")] * 2 + [("charged", 2, "ch_2")]
    assert [each.notice.total_cents for each in charged] == [2 * AMOUNT, AMOUNT]
    assert stats.collected_amount == 3 * SUBTOTAL
    assert len(await ledger.told(TotalsChanged)) == before + 1
    assert sum(cents for kind, _, cents in await moved(ledger) if kind == "gross") == 3 * AMOUNT
    assert sum(cents for kind, _, cents in await moved(ledger) if kind == "fee") == -2 * 202
    await ledger.assert_in_sync()


async def test_the_same_batch_again_changes_nothing(ledger: Ledger) -> None:
    await closed(ledger)
    await hear_together(ledger, news())
    before = (await revisions(ledger), await moved(ledger), await ledger.count("outbox"))

    await hear_together(ledger, news())

    assert (await revisions(ledger), await moved(ledger), await ledger.count("outbox")) == before
    await ledger.assert_in_sync()


async def test_each_charge_is_told_as_caused_by_its_own_news(ledger: Ledger) -> None:
    await closed(ledger)
    told = [each for each in news() if isinstance(each, ChargeSucceeded)][:2]

    await hear_together(ledger, list(told))
    causes = await ledger.pool.fetch(
        """
        SELECT headers ->> 'Pool-Causation' AS cause
        FROM outbox
        WHERE event_type = 'pledges.charged'
        ORDER BY outbox_id
        """
    )

    assert [row["cause"] for row in causes] == [each.event_id for each in told]


async def test_a_fee_of_a_charge_that_is_not_known_leaves_the_batch_undone(ledger: Ledger) -> None:
    await closed(ledger)
    fees = [each for each in news() if isinstance(each, FeesKnown)]

    with pytest.raises(NotYet):
        await hear_together(ledger, [paid(NOOR, amount=2 * AMOUNT), fees[1]])

    assert {status for status, *_ in await revisions(ledger)} == {"active"}


async def test_a_charge_over_another_sum_leaves_the_batch_undone(ledger: Ledger) -> None:
    await closed(ledger)

    with pytest.raises(LedgerFault):
        await hear_together(ledger, [paid(NOOR, amount=2 * AMOUNT), paid(ABEL, amount=1)])

    assert {status for status, *_ in await revisions(ledger)} == {"active"}
