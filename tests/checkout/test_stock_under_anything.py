"""Whatever happens at once and in whatever order, units add up and nothing is sold twice."""

import asyncio
import random
from collections import Counter

import pytest

from contracts.events.checkout import AddOnStockChanged, CheckoutCompleted, StockChanged
from services.checkout.domain.stock import PLATFORM_SHELF, Thing
from services.checkout.queries import stock
from tests.checkout.crowd import Crowd, shirt, tiers
from tests.checkout.floor import Floor
from tests.checkout.samples import a_slug

STEPS = 200
AT_ONCE = 8


async def a_crowd(floor: Floor, seed: int) -> Crowd:
    films = []
    for _ in range(3):
        slug = a_slug()
        films.append(await floor.publish(slug=slug, tiers=tiers(), add_ons=(shirt(slug),)))
    crowd = Crowd(floor, films, random.Random(seed))
    await crowd.sell(25)
    return crowd


async def claimed(floor: Floor) -> Counter[Thing]:
    """Return how many of each thing are claimed, limited or not."""
    rows = await floor.owner.fetch(
        """
        SELECT shelf, kind, item_id, variant_id, sum(quantity) AS quantity
        FROM reservations
        WHERE state = 'claimed'
        GROUP BY shelf, kind, item_id, variant_id
        """
    )
    names = Thing.__struct_fields__
    return Counter({Thing(**{name: row[name] for name in names}): row["quantity"] for row in rows})


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_units_add_up_after_anything(floor: Floor, seed: int) -> None:
    crowd = await a_crowd(floor, seed)
    hands = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with hands:
            await crowd.step()

    await asyncio.gather(*(one() for _ in range(STEPS)))

    await floor.assert_units_add_up()
    for order in crowd.orders:
        assert len(await floor.said(CheckoutCompleted, order.order_id)) <= 1
    for shelf in (PLATFORM_SHELF, *(film.slug for film in crowd.films)):
        kind = AddOnStockChanged if shelf == PLATFORM_SHELF else StockChanged
        said = await floor.said(kind, shelf)
        levels = await floor.do(stock.list_levels, shelf)
        assert [event.version for event in said] == list(range(1, len(said) + 1))
        assert said[-1].add_ons == levels.add_ons
        assert shelf == PLATFORM_SHELF or said[-1].tiers == levels.tiers


@pytest.mark.parametrize("seed", [5, 6, 7, 8])
async def test_once_all_is_heard_the_claims_are_what_the_ledger_promised(
    floor: Floor, seed: int
) -> None:
    crowd = await a_crowd(floor, seed)
    for _ in range(STEPS):
        await crowd.step()

    for order in crowd.orders:
        await floor.expire(order)
    while len(crowd.decided) < await _completed(floor, crowd):
        await crowd.decide()
    await crowd.calm_down()

    assert await claimed(floor) == crowd.promised()
    assert len(crowd.promised()) > 5
    await floor.assert_units_add_up()
    reserved = await floor.owner.fetchval("SELECT coalesce(sum(reserved), 0) FROM stock")
    assert reserved == 0


async def _completed(floor: Floor, crowd: Crowd) -> int:
    said = [await floor.said(CheckoutCompleted, each.order_id) for each in crowd.orders]
    return sum(len(event.pledges) for events in said for event in events)
