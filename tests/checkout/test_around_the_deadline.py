"""R-7: fifty cards are saved and fifty pledges withdrawn around a deadline, all at once."""

import asyncio
import random
from datetime import timedelta

import pytest

from contracts.campaign import CampaignDefinition
from contracts.events.checkout import CheckoutCompleted, CheckoutDrained, CheckoutRefused
from services.checkout.domain.orders import Order, order_hash
from services.checkout.handlers.drain_campaign import close_if_decided
from services.checkout.handlers.hear_pledges import hear_cancelled, hear_created
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_product, a_tier, cancelled, created

COUNT = 50
AT_ONCE = 12


async def an_open_house(floor: Floor) -> CampaignDefinition:
    """Return a campaign with a limited tier and a limited add-on, both for all who come."""
    return await floor.publish(
        tiers=(a_tier(limit_total=3 * COUNT),),
        add_ons=(a_product("poster", inventory=3 * COUNT),),
    )


@pytest.mark.parametrize("round_number", [1, 2, 3])
async def test_exactly_what_was_completed_before_the_deadline_counts(
    floor: Floor, round_number: int
) -> None:
    dice = random.Random(round_number)
    film = await an_open_house(floor)
    cart = a_cart(f"{film.slug}__frame", "addon__poster")
    leaving = [await floor.complete(await floor.open(cart)) for _ in range(COUNT)]
    coming = [await floor.open(cart) for _ in range(COUNT)]
    deadline = film.deadline_at.replace(microsecond=0) + timedelta(seconds=1)
    await floor.owner.execute("UPDATE campaigns SET deadline_at = $1", deadline)
    # The clock moves past it while everything below is going on.
    await floor.move_clock(deadline - await floor.now())
    saved_at = {
        order.order_id: deadline + timedelta(seconds=dice.randint(-2, 2)) for order in coming
    }
    hands = asyncio.Semaphore(AT_ONCE)

    async def come(order: Order) -> None:
        async with hands:
            await floor.complete(order, at=saved_at[order.order_id])

    async def leave(order: Order) -> None:
        async with hands:
            await floor.do(hear_created, created(order))
            await floor.do(hear_cancelled, cancelled(order))

    async def drain() -> None:
        while not await floor.do(close_if_decided, film.slug):
            continue

    crowd = [*(come(order) for order in coming), *(leave(order) for order in leaving)]
    dice.shuffle(crowd)
    await asyncio.gather(*crowd, drain())

    in_time = {order_id for order_id, at in saved_at.items() if at < deadline}
    said = {event.order_id for event in await floor.said(CheckoutCompleted, film.slug)}
    refused = {event.order_id for event in await floor.said(CheckoutRefused, film.slug)}
    (drained,) = await floor.said(CheckoutDrained, film.slug)
    assert said == in_time | {order.order_id for order in leaving}
    assert refused == set(saved_at) - in_time
    assert drained.order_count == len(said)
    assert drained.order_hash == order_hash(said)
    levels = await floor.stock(film.slug)
    assert {(each.claimed, each.reserved) for each in levels.values()} == {(len(in_time), 0)}
    await floor.assert_units_add_up()
