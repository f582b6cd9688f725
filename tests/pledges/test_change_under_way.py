"""A change that is sent twice at once, under one key, is made once and answered twice alike."""

import asyncio
from typing import Any

import pytest

from contracts.api.pledges import PledgeRecord
from contracts.quoting import RevisionRefused
from contracts.refusals import StateRefused, Unavailable
from services.chassis.storage.database import transaction
from services.pledges.handlers import propose_change
from services.pledges.queries import proposals
from services.pledges.steps import modify_pledge as handler
from tests.pledges.builders import an_order, first_pledge
from tests.pledges.ledger import Ledger
from tests.pledges.test_modify_pledge import change, opened, states
from tests.pledges.till import Till

SOON_SECONDS = 0.4


async def sent_twice(
    ledger: Ledger, till: Till, order: Any, *, tips: tuple[int, int] = (10, 10), expects: int = 1
) -> list[PledgeRecord | BaseException]:
    """Send a change, and again under the same key while checkout thinks about the first."""
    second: list[asyncio.Task[PledgeRecord]] = []

    def one(tip: int) -> Any:
        wanted = {"tip_percent": tip, "revision": expects}
        return change(ledger, till, first_pledge(order), key="k", **wanted)

    async def meanwhile() -> None:
        second.append(asyncio.create_task(one(tips[1])))
        await asyncio.sleep(SOON_SECONDS)

    till.meanwhile = meanwhile
    first = await asyncio.gather(one(tips[0]), return_exceptions=True)
    return [*first, *await asyncio.gather(*second, return_exceptions=True)]


async def test_the_second_waits_for_the_first_and_returns_its_answer(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)

    first, second = await sent_twice(ledger, till, order)

    assert isinstance(first, PledgeRecord)
    assert first == second
    assert (first.revision, first.tip_percent) == (2, 10)
    assert len(till.asked) == 1
    assert await states(ledger) == ["committed"]
    await ledger.assert_in_sync()


async def test_after_a_refused_first_the_second_is_tried_for_itself(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    till.refuses = RevisionRefused(status=409, reason="sold_out", message="It is sold out.")

    first, second = await sent_twice(ledger, till, order)

    assert isinstance(first, handler.Answered)
    assert isinstance(second, handler.Answered)
    assert first.reason == second.reason == "sold_out"
    assert len(till.asked) == 2
    assert await states(ledger) == ["abandoned", "abandoned"]


async def test_when_checkout_is_away_both_say_so(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    till.is_away = True

    outcomes = await sent_twice(ledger, till, order)

    assert [type(each) for each in outcomes] == [Unavailable, Unavailable]


async def test_another_change_under_the_same_key_does_not_wait(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)

    first, second = await sent_twice(ledger, till, order, tips=(10, 15))

    assert isinstance(first, PledgeRecord)
    assert isinstance(second, StateRefused)
    assert second.reason == "conflict"
    assert first.tip_percent == 10


async def test_a_first_that_died_is_waited_for_and_then_taken_over(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "WAIT_SECONDS", SOON_SECONDS)
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    till.is_away = True
    with pytest.raises(Unavailable):
        await change(ledger, till, first_pledge(order), key="k", tip_percent=10)
    await ledger.owner.execute("ALTER TABLE pledges.proposals DISABLE TRIGGER USER")
    await ledger.owner.execute(
        "UPDATE pledges.proposals SET state = 'proposed', reason = NULL, announced_at = NULL"
    )
    await ledger.owner.execute("ALTER TABLE pledges.proposals ENABLE TRIGGER USER")
    till.is_away = False

    record = await change(ledger, till, first_pledge(order), key="k", tip_percent=10)

    assert (record.revision, record.tip_percent) == (2, 10)
    assert await states(ledger) == ["abandoned", "committed"]
    async with transaction(ledger.pool) as conn:
        assert not await proposals.is_under_way(
            conn, first_pledge(order), propose_change.digest("k")
        )
