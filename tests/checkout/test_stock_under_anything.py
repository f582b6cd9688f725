"""Whatever happens at once and in whatever order, units add up and nothing is sold twice."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from contracts.campaign import CampaignDefinition
from contracts.events.checkout import CheckoutCompleted, StockChanged
from contracts.refusals import StateRefused
from services.checkout.cart import WantedItem
from services.checkout.handlers.hear_campaigns import hear_campaign
from services.checkout.handlers.hear_pledges import hear_cancelled, hear_created, hear_refused
from services.checkout.orders import Order
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_tier, cancelled, created, published, refused

STEPS = 150
AT_ONCE = 8


class Crowd:
    """People, Stripe and the ledger, all doing something at random."""

    def __init__(self, floor: Floor, films: list[CampaignDefinition], seed: int) -> None:
        self.floor = floor
        self.films = films
        self.random = random.Random(seed)
        self.orders: list[Order] = []
        self.version = 1

    async def step(self) -> None:
        acts: list[Callable[[], Awaitable[Any]]] = [
            *[self.begin] * 4,
            *[self.save_card] * 3,
            self.expire,
            self.cancel,
            self.confirm,
            self.refuse,
            self.change_limit,
        ]
        # Two campaigns taken in another order by a consumer: Postgres ends one of them, and
        # whoever it was comes again.
        with contextlib.suppress(StateRefused, asyncpg.DeadlockDetectedError):
            await self.random.choice(acts)()

    async def begin(self) -> None:
        films = self.random.sample(self.films, self.random.randint(1, len(self.films)))
        items = [
            WantedItem(id=f"{film.slug}__{tier}", quantity=self.random.randint(1, 3))
            for film in films
            for tier in self.random.sample(["a", "b", "c"], self.random.randint(1, 3))
        ]
        self.orders.append(await self.floor.open(a_cart(*items)))

    async def save_card(self) -> None:
        if self.orders:
            order = self.random.choice(self.orders)
            at = min(film.deadline_at for film in self.films) + timedelta(
                seconds=self.random.choice([-1, -1, -1, 0])
            )
            await self.floor.complete(order, at=at.replace(microsecond=0))

    async def expire(self) -> None:
        if self.orders:
            await self.floor.expire(self.random.choice(self.orders))

    async def cancel(self) -> None:
        await self._hear(hear_cancelled, cancelled)

    async def confirm(self) -> None:
        await self._hear(hear_created, created)

    async def refuse(self) -> None:
        await self._hear(hear_refused, refused)

    async def change_limit(self) -> None:
        self.version += 1
        film = self.random.choice(self.films)
        limit = self.random.choice([None, 1, 20, 60])
        tiers = (
            a_tier("a", limit_total=limit, is_stackable=True),
            a_tier("b", limit_total=30, is_stackable=True),
            a_tier("c", is_stackable=True),
        )
        changed = msgspec.structs.replace(film, version=self.version, tiers=tiers)
        await self.floor.do(hear_campaign, published(changed))

    async def _hear(self, handler: Any, event: Any) -> None:
        """The ledger speaks only about what it was told."""
        if not self.orders:
            return
        order = self.random.choice(self.orders)
        for said in await self.floor.said(CheckoutCompleted, order.order_id):
            await self.floor.do(handler, event(order, self.random.choice(said.pledges)))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_units_add_up_after_anything(floor: Floor, seed: int) -> None:
    tiers = (
        a_tier("a", limit_total=40, is_stackable=True),
        a_tier("b", limit_total=30, is_stackable=True),
        a_tier("c", is_stackable=True),
    )
    films = [await floor.publish(tiers=tiers) for _ in range(3)]
    crowd = Crowd(floor, films, seed)
    hands = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with hands:
            await crowd.step()

    await asyncio.gather(*(one() for _ in range(STEPS)))

    await floor.assert_units_add_up()
    for order in crowd.orders:
        assert len(await floor.said(CheckoutCompleted, order.order_id)) <= 1
    for film in films:
        said = await floor.said(StockChanged, film.slug)
        assert [event.version for event in said] == list(range(1, len(said) + 1))
        assert said[-1].tiers == await floor.stock(film.slug)
