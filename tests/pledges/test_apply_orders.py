"""Completed orders become pledges: once, per campaign, and only in time."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from contracts.events.checkout import RefusedPart
from contracts.events.pledges import PledgeCreated, PledgeRefused, TotalsChanged
from contracts.ids import CampaignSlug, PledgeId, supporter_id
from services.chassis.events.early import NotYet
from services.chassis.storage.database import transaction
from services.pledges.queries.ledger import Person, insert_supporters
from tests.pledges.builders import (
    AMOUNT,
    DEADLINE,
    NOW,
    SLUG,
    SUBTOTAL,
    again,
    an_order,
    first_pledge,
)
from tests.pledges.ledger import Ledger


async def test_a_completed_order_is_a_pledge_with_its_line_and_in_the_totals(
    ledger: Ledger,
) -> None:
    await ledger.open()
    order = an_order()

    await ledger.hear(order)
    pledge = await ledger.pledge(first_pledge(order))
    stats = await ledger.stats()
    created, totals = await ledger.told()

    assert (pledge.status, pledge.revision, pledge.price.total_cents) == ("active", 1, AMOUNT)
    assert pledge.lines == order.pledges[0].lines
    assert pledge.price == order.pledges[0].price
    assert pledge.shipping_address == order.shipping_address
    assert pledge.consent == order.consent
    assert (stats.pledged_amount, stats.pledge_count, stats.supporter_count) == (SUBTOTAL, 1, 1)
    assert stats.tier_counts == {"producer-credit": 2}
    assert stats.support_items == {"location-scouting": 1_450}
    assert isinstance(created, PledgeCreated)
    assert created.pledge.pledge_id == pledge.pledge_id
    assert isinstance(totals, TotalsChanged)
    assert (totals.version, totals.pledged_cents) == (1, SUBTOTAL)
    await ledger.assert_in_sync()


async def test_the_same_order_five_times_under_any_event_id_is_one_pledge(
    ledger: Ledger,
) -> None:
    await ledger.open()
    order = an_order()

    await ledger.hear(order, order, again(order), again(order), order)

    assert (await ledger.stats()).pledged_amount == SUBTOTAL
    assert len(await ledger.told(PledgeCreated)) == 1
    assert len(await ledger.told(TotalsChanged)) == 1
    await ledger.assert_in_sync()


async def test_an_order_is_one_pledge_of_a_campaign_whatever_its_pledge_is_called(
    ledger: Ledger,
) -> None:
    await ledger.open()
    order = an_order()
    (priced,) = order.pledges
    renamed = msgspec.structs.replace(priced, pledge_id=PledgeId(f"{order.order_id}-{SLUG}"))

    await ledger.hear(order, msgspec.structs.replace(again(order), pledges=(renamed,)))

    created = await ledger.told(PledgeCreated)
    stats = await ledger.stats()
    assert [each.pledge.pledge_id for each in created] == [priced.pledge_id]
    assert (stats.pledge_count, stats.pledged_amount) == (1, SUBTOTAL)


async def test_a_bundle_is_one_pledge_per_campaign(ledger: Ledger) -> None:
    first, second = await ledger.open("one-roll"), await ledger.open("forty-chairs")
    order = an_order(first, second)

    await ledger.hear(order)

    assert [each.pledge.pledge_id for each in await ledger.told(PledgeCreated)] == [
        f"{order.order_id}-one-roll",
        f"{order.order_id}-forty-chairs",
    ]
    assert (await ledger.stats(first)).pledge_count == 1
    assert (await ledger.stats(second)).pledge_count == 1
    await ledger.assert_in_sync()


async def test_an_order_before_its_campaign_is_asked_for_again(ledger: Ledger) -> None:
    order = an_order()

    with pytest.raises(NotYet):
        await ledger.hear(order)
    await ledger.open()
    await ledger.hear(order)

    assert (await ledger.stats()).pledge_count == 1


async def test_stripes_time_decides_and_the_deadline_instant_is_too_late(ledger: Ledger) -> None:
    await ledger.open()
    in_time = an_order(completed_at=DEADLINE - timedelta(seconds=1))
    too_late = an_order(completed_at=DEADLINE)

    await ledger.advance(days=30)
    await ledger.hear(in_time, too_late, again(too_late))
    refused = await ledger.told(PledgeRefused)

    assert (await ledger.stats()).pledge_count == 1
    assert [(each.order_id, each.reason) for each in refused] == [
        (too_late.order_id, "deadline_passed")
    ]
    assert await ledger.pool.fetchval("SELECT reason FROM refused_orders") == "deadline_passed"
    await ledger.assert_in_sync()


async def test_an_order_heard_after_the_close_is_refused_and_a_copy_of_a_counted_one_is_not(
    ledger: Ledger,
) -> None:
    await ledger.open()
    counted, unheard = an_order(), an_order()
    await ledger.hear(counted)
    assert await ledger.end([counted]) == "closed"

    await ledger.hear(again(counted), unheard, again(unheard))

    refused = await ledger.told(PledgeRefused)
    assert [(each.order_id, each.reason) for each in refused] == [(unheard.order_id, "closed")]
    assert (await ledger.stats()).pledge_count == 1
    assert await ledger.pool.fetchval("SELECT reason FROM refused_orders") == "closed"


async def test_a_bundle_is_decided_per_campaign(ledger: Ledger) -> None:
    open_, over = await ledger.open("one-roll"), await ledger.open("forty-chairs")
    await ledger.end([], over)
    order = an_order(open_, over)

    await ledger.hear(order)

    assert (await ledger.stats(open_)).pledge_count == 1
    assert (await ledger.stats(over)).pledge_count == 0
    (refused,) = await ledger.told(PledgeRefused)
    (created,) = await ledger.told(PledgeCreated)
    assert (refused.campaign, refused.is_told) == (over, True)
    assert created.refused == (RefusedPart(campaign=over, reason="closed"),)


async def test_a_bundle_of_which_nothing_is_left_is_told_of_by_its_first_refusal(
    ledger: Ledger,
) -> None:
    first, second = await ledger.open("forty-chairs"), await ledger.open("one-roll")
    await ledger.end([], first)
    await ledger.end([], second)
    gone = RefusedPart(campaign=CampaignSlug("a-door"), reason="sold_out")
    order = msgspec.structs.replace(an_order(second, first), refused=(gone,))

    await ledger.hear(order, again(order))

    told = {each.campaign: each for each in await ledger.told(PledgeRefused)}
    assert (told[first].is_told, told[second].is_told) == (False, True)
    assert told[first].also == (gone, RefusedPart(campaign=second, reason="closed"))
    assert told[second].also == ()


async def test_a_bundle_says_of_each_campaign_why_it_took_nothing(ledger: Ledger) -> None:
    first, second = await ledger.open("forty-chairs"), await ledger.open("one-roll")
    await ledger.end([], first)
    order = an_order(first, second, completed_at=DEADLINE)

    await ledger.hear(order)

    told = await ledger.told(PledgeRefused)
    assert {each.campaign: each.reason for each in told} == dict.fromkeys(
        (first, second), "deadline_passed"
    )
    (telling,) = [each for each in told if not each.is_told]
    assert [part.reason for part in telling.also] == ["deadline_passed"]


async def test_of_two_pledges_one_tells_what_was_refused(ledger: Ledger) -> None:
    first, second = await ledger.open("forty-chairs"), await ledger.open("one-roll")
    gone = RefusedPart(campaign=CampaignSlug("a-door"), reason="sold_out")
    order = msgspec.structs.replace(an_order(second, first), refused=(gone,))

    await ledger.hear(order)

    told = {each.pledge.campaign: each.refused for each in await ledger.told(PledgeCreated)}
    assert told == {first: (gone,), second: ()}


async def test_two_pledges_of_one_person_are_one_supporter(ledger: Ledger) -> None:
    await ledger.open()

    await ledger.hear(
        an_order(email="Noor@Halfmoon.example"), an_order(email="noor@halfmoon.example")
    )
    stats = await ledger.stats()

    assert (stats.pledge_count, stats.supporter_count) == (2, 1)
    await ledger.assert_in_sync()


async def test_several_orders_in_one_call_change_the_totals_once(ledger: Ledger) -> None:
    from services.chassis.storage.database import transaction
    from services.pledges.handlers.apply_orders import apply_orders

    await ledger.open()
    orders = [an_order() for _ in range(20)]

    async with transaction(ledger.pool) as conn:
        await apply_orders(conn, [*orders, again(orders[0])])
    (totals,) = await ledger.told(TotalsChanged)

    assert totals.pledge_count == 20
    assert len(await ledger.told(PledgeCreated)) == 20
    await ledger.assert_in_sync()


async def test_one_person_heard_of_by_many_at_once_is_one_supporter(ledger: Ledger) -> None:
    async def remember(number: int) -> None:
        email = f"new{number}@halfmoon.example"
        person = Person(supporter_id(email), email)
        async with transaction(ledger.pool) as conn:
            await insert_supporters(conn, [person], NOW)

    for number in range(300):
        await asyncio.gather(*(remember(number) for _ in range(12)))

    assert await ledger.count("supporters") == 300
