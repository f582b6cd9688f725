"""People, Stripe and the ledger, all doing something at random, and what must then be true."""

import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec

from contracts.campaign import AddOn, AddOnVariant, CampaignDefinition
from contracts.events.checkout import CheckoutCompleted
from contracts.pricing import PricedLine, PricedPledge
from contracts.quoting import RevisionQuoted, WantedLine
from contracts.refusals import StateRefused
from services.checkout.domain.cart import WantedItem
from services.checkout.domain.orders import Order
from services.checkout.domain.stock import Thing, units_in
from services.checkout.handlers.hear_pledges import hear_cancelled, hear_created, hear_refused
from services.checkout.handlers.hear_revisions import hear_abandoned, hear_modified
from services.checkout.handlers.keep_definitions import keep_campaign, keep_platform
from tests.checkout.floor import Floor
from tests.checkout.samples import (
    a_cart,
    a_platform,
    a_product,
    a_tier,
    abandoned,
    cancelled,
    created,
    modified,
    platform_published,
    published,
    refused,
)

WAITED_TOO_LONG = (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)
MUG, TOTE = "mug", "tote"


def tiers(limit: int | None = 40) -> tuple[Any, ...]:
    """Return one tier with that limit, one with a limit of its own, one without."""
    return (
        a_tier("a", limit_total=limit, is_stackable=True),
        a_tier("b", limit_total=30, is_stackable=True),
        a_tier("c", is_stackable=True),
    )


def shirt(slug: str, limit: int | None = 12) -> AddOn:
    """Return a campaign's own product: one size of it is limited."""
    sizes = (
        AddOnVariant(variant_id="s", label="S", inventory=limit),
        AddOnVariant(variant_id="m", label="M"),
    )
    return a_product(f"shirt-of-{slug}", variants=sizes)


@dataclass
class Promise:
    """A pledge as the ledger has it."""

    order: Order
    first: PricedPledge
    lines: tuple[PricedLine, ...]
    revision: int = 1
    proposals: int = 0
    is_live: bool = True
    # One proposal at a time, from the question to its end.
    is_asking: bool = False
    proposed: PricedPledge | None = None

    @property
    def is_calm(self) -> bool:
        """Tell whether the pledge stands and nobody proposes anything."""
        return self.is_live and not self.is_asking and self.proposed is None

    @property
    def wanted_next(self) -> tuple[int, int]:
        """Return the revision and the try that a proposal of now is."""
        return self.revision + 1, self.proposals


@dataclass
class Crowd:
    """Everybody at once. The ledger decides once about each order, and repeats itself."""

    floor: Floor
    films: list[CampaignDefinition]
    random: random.Random
    orders: list[Order] = field(default_factory=list)
    promises: dict[str, Promise] = field(default_factory=dict)
    news: list[tuple[Callable[..., Awaitable[Any]], Any]] = field(default_factory=list)
    decided: set[str] = field(default_factory=set)
    version: int = 1

    async def step(self) -> None:
        """Have somebody do something."""
        acts: list[Callable[[], Awaitable[Any]]] = [
            *[self.begin] * 5,
            *[self.save_card] * 4,
            self.expire,
            *[self.decide] * 3,
            *[self.propose] * 3,
            *[self.end_proposal] * 2,
            self.cancel,
            *[self.repeat] * 2,
            self.change_limits,
        ]
        # Who waited too long, at one lock or at several, comes again, as a consumer does.
        with contextlib.suppress(StateRefused, *WAITED_TOO_LONG):
            await self.random.choice(acts)()

    async def begin(self) -> None:
        films = self.random.sample(self.films, self.random.randint(1, len(self.films)))
        items = [
            WantedItem(id=f"{film.slug}__{tier}", quantity=self.random.randint(1, 3))
            for film in films
            for tier in self.random.sample(["a", "b", "c"], self.random.randint(1, 3))
        ]
        for film in self.random.sample(films, self.random.randint(0, len(films))):
            size = self.random.choice(["s", "m"])
            items.append(WantedItem(id=f"addon__shirt-of-{film.slug}__variant__{size}"))
        if self.random.random() < 0.5:
            items.append(WantedItem(id=f"addon__{MUG}", quantity=self.random.randint(1, 2)))
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

    async def decide(self) -> None:
        """Turn a completed order into a pledge, or refuse it: once."""
        if not self.orders:
            return
        order = self.random.choice(self.orders)
        for said in await self.floor.said(CheckoutCompleted, order.order_id):
            for pledge in said.pledges:
                if pledge.pledge_id in self.decided:
                    continue
                self.decided.add(pledge.pledge_id)
                if self.random.random() < 0.15:
                    await self.say(hear_refused, refused(order, pledge))
                    continue
                self.promises[pledge.pledge_id] = Promise(order, pledge, pledge.lines)
                await self.say(hear_created, created(order, pledge))

    async def propose(self) -> None:
        """Ask what another selection costs; the answer may be lost on its way."""
        promise = self._one(lambda each: each.is_calm)
        if promise is None:
            return
        promise.is_asking = True
        promise.proposals += 1
        revision, proposal = promise.wanted_next
        found = await self.floor.ask(
            promise.order,
            *self._selection(promise.first.campaign),
            current=promise.lines,
            revision=revision,
            proposal=proposal,
            campaign=promise.first.campaign,
        )
        promise.is_asking = False
        if isinstance(found, RevisionQuoted) and self.random.random() < 0.8:
            promise.proposed = found.pledge
        else:
            await self._abandon(promise, proposal)

    async def end_proposal(self) -> None:
        """Commit what was proposed, or give it up."""
        promise = self._one(lambda each: each.proposed is not None)
        if promise is None or promise.proposed is None:
            return
        priced, promise.proposed = promise.proposed, None
        revision, proposal = promise.wanted_next
        if self.random.random() < 0.3:
            await self._abandon(promise, proposal)
            return
        promise.lines, promise.revision, promise.proposals = priced.lines, revision, 0
        event = modified(promise.order, priced, revision=revision, proposal=proposal)
        await self.say(hear_modified, event)

    async def cancel(self) -> None:
        promise = self._one(lambda each: each.is_calm)
        if promise is not None:
            promise.is_live = False
            pledge = msgspec.structs.replace(promise.first, lines=promise.lines)
            event = cancelled(promise.order, pledge, revision=promise.revision + 1)
            await self.say(hear_cancelled, event)

    async def repeat(self) -> None:
        """Deliver something old once more."""
        if self.news:
            handler, event = self.random.choice(self.news)
            await self.floor.do(handler, event)

    async def change_limits(self) -> None:
        self.version += 1
        limit = self.random.choice([None, 0, 1, 20, 60])
        if self.random.random() < 0.3:
            await self.sell(limit)
            return
        film = self.random.choice(self.films)
        changed = msgspec.structs.replace(
            film,
            version=self.version,
            tiers=tiers(limit),
            add_ons=(shirt(film.slug, limit),),
        )
        await self.floor.do(keep_campaign, published(changed))

    async def sell(self, limit: int | None) -> None:
        """Have the platform sell mugs, so many of them."""
        products = (a_product(MUG, inventory=limit), a_product(TOTE))
        await self.floor.do(keep_platform, platform_published(a_platform(*products)))

    async def say(self, handler: Callable[..., Awaitable[Any]], event: Any) -> None:
        """Say it now, or only remember it: it comes late, and at least once in the end."""
        self.news.append((handler, event))
        if self.random.random() < 0.7:
            await self.floor.do(handler, event)

    async def calm_down(self) -> None:
        """Let every proposal end and all news arrive, in any order."""
        while self._one(lambda each: each.proposed is not None):
            await self.end_proposal()
        self.random.shuffle(self.news)
        for handler, event in self.news:
            await self.floor.do(handler, event)

    def promised(self) -> Counter[Thing]:
        """Return how many of each thing the ledger has promised to somebody."""
        counts: Counter[Thing] = Counter()
        for promise in self.promises.values():
            if promise.is_live:
                for units in units_in(promise.first.campaign, promise.lines):
                    counts[units.thing] += units.quantity
        return counts

    async def _abandon(self, promise: Promise, proposal: int) -> None:
        event = abandoned(
            promise.order, promise.first, revision=promise.revision + 1, proposal=proposal
        )
        await self.say(hear_abandoned, event)

    def _selection(self, slug: str) -> list[WantedLine]:
        wanted = [
            WantedLine(kind="tier", item_id=name, quantity=self.random.randint(1, 4))
            for name in self.random.sample(["a", "b", "c"], self.random.randint(1, 3))
        ]
        if self.random.random() < 0.5:
            size = self.random.choice(["s", "m"])
            wanted.append(WantedLine(kind="add_on", item_id=f"shirt-of-{slug}", variant_id=size))
        if self.random.random() < 0.5:
            wanted.append(WantedLine(kind="add_on", item_id=MUG, quantity=2))
        return wanted

    def _one(self, fits: Callable[[Promise], bool]) -> Promise | None:
        found = [promise for promise in self.promises.values() if fits(promise)]
        return self.random.choice(found) if found else None
