"""A campaign that its operator ends early: everybody is released, nobody is charged."""

import pytest

from contracts.events.campaigns import CampaignCancelled
from contracts.events.pledges import (
    CampaignClosed,
    ChargeRequested,
    PledgeRefused,
    PledgesReleased,
    TotalsChanged,
)
from contracts.ids import CampaignSlug
from services.chassis.events.early import NotYet
from tests.pledges.builders import NOW, SLUG, SUBTOTAL, an_order, event_id, first_pledge
from tests.pledges.ledger import Ledger


def ended(slug: CampaignSlug = SLUG) -> CampaignCancelled:
    return CampaignCancelled(event_id=event_id(), occurred_at=NOW, campaign=slug, cancelled_at=NOW)


async def test_everybody_is_released_even_when_the_goal_was_reached(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    orders = [an_order(email="noor@halfmoon.example"), an_order(email="ines@halfmoon.example")]
    await ledger.hear(*orders)

    await ledger.hear(ended(), ended())
    await ledger.tick()

    (closed,) = await ledger.told(CampaignClosed)
    assert (closed.is_funded, closed.is_cancelled) == (False, True)
    assert closed.pledged_cents == 2 * SUBTOTAL
    released = await ledger.told(PledgesReleased)
    assert {each.reason for each in released} == {"cancelled"}
    assert len(released) == 2
    assert await ledger.told(ChargeRequested) == []
    for order in orders:
        assert (await ledger.pledge(first_pledge(order))).status == "released"
    await ledger.assert_in_sync()


async def test_who_comes_later_is_refused(ledger: Ledger) -> None:
    await ledger.open()
    await ledger.hear(ended())

    await ledger.hear(an_order())

    assert [each.reason for each in await ledger.told(PledgeRefused)] == ["closed"]


async def test_a_deadline_that_comes_afterwards_changes_nothing(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    order = an_order()
    await ledger.hear(order, ended())
    before = await ledger.told(CampaignClosed, TotalsChanged)

    assert await ledger.end([order]) == "closed"

    assert await ledger.told(CampaignClosed, TotalsChanged) == before


async def test_a_count_that_was_written_stands(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    order = an_order()
    await ledger.hear(order)
    assert await ledger.end([order]) == "closed"

    await ledger.hear(ended())

    (closed,) = await ledger.told(CampaignClosed)
    assert (closed.is_funded, closed.is_cancelled) == (True, False)


async def test_an_end_before_the_definition_waits(ledger: Ledger) -> None:
    with pytest.raises(NotYet):
        await ledger.hear(ended())
