"""A campaign's life in two services at once: checkout that sells, the ledger that writes down.

Both run their real handlers on one real Postgres. Between them goes a courier who is worse
than any bus: whatever was said may arrive late, in any order, twice, and at the same time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, cast

import asyncpg
import msgspec

from contracts.campaign import CampaignDefinition, SupportItem, Tier
from contracts.events.base import Event
from contracts.events.campaigns import CampaignPublished
from contracts.events.pledges import ChargeRequested, PledgeCreated
from contracts.ids import CampaignSlug, PledgeId
from contracts.money import Cents
from contracts.refusals import Refusal
from deploy.chaos import checker
from deploy.chaos.checker import Report
from services.chassis.events.bell import Bell
from services.chassis.events.bus import Bus
from services.chassis.events.inbox import NotYet
from services.chassis.storage.database import Pool, open_pool, transaction
from services.checkout import consumers as checkout
from services.checkout.domain.cart import WantedItem
from services.checkout.domain.orders import Order
from services.checkout.handlers.drain_campaign import close_if_decided
from services.checkout.handlers.recount_stock import recount_stock
from services.checkout.queries import old_orders
from services.checkout.steps.answer_question import answer_question
from services.pledges.domain.bodies import ModifyRequest, TierWanted
from services.pledges.handlers.forget_addresses import forget_addresses
from services.pledges.steps.modify_pledge import modify_pledge
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, published
from tests.contracts.catalogue import every_event
from tests.pledges.builders import DEADLINE, STARTS, deadline_passed, declined, lost, paid, refunded
from tests.pledges.ledger import HANDLERS as LEDGER_HEARS
from tests.pledges.ledger import Ledger
from tests.support.stack import Database

SLUGS = (CampaignSlug("one-roll"), CampaignSlug("forty-chairs"))
LIMITED, FREE = "frame", "reel"
EMAILS = tuple(f"{name}@halfmoon.example" for name in ("noor", "ines", "teo", "NOOR", "ana"))
EVENTS = {each.__struct_config__.tag: each for each in every_event()}
CHECKOUT_HEARS = {
    event: handler
    for each in checkout.listeners(Bell())
    for event, handler in each.handlers.by_type.items()
}
# What must hold between two services that nobody else is beside.
RULES = ("i01_", "i02_history_folds", "i02_history_is_sealed", "i03_prices", "i08_", "i18_")

HOME = '{"name": "Noor", "address1": "123 Main St", "country": "US"}'

Told = tuple[str, int]
Hears = dict[type[Event], Callable[..., Awaitable[Any]]]


def a_film(slug: CampaignSlug, goal: int) -> CampaignDefinition:
    """Return a campaign with five frames and as many reels as anybody wants."""
    return CampaignDefinition(
        slug=slug,
        version=1,
        title=slug,
        starts_at=STARTS,
        deadline_at=DEADLINE,
        timezone="America/Denver",
        goal_cents=Cents(goal),
        tiers=(
            Tier(
                tier_id=LIMITED,
                name="A frame",
                price_cents=Cents(1_999),
                is_stackable=True,
                limit_total=5,
            ),
            Tier(tier_id=FREE, name="A reel", price_cents=Cents(1_250), is_stackable=True),
        ),
        support_items=(SupportItem(item_id="sound", label="Sound", target_cents=Cents(50_000)),),
    )


class Life:
    """Two services, what people did in them, and what is still on its way between them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def open(self) -> None:
        """Connect, for all the lives to come."""
        self.owner = await asyncpg.connect(self.database.owner_url)
        await self.owner.execute("SET timezone = 'UTC'; SET search_path = checkout")
        pools = [await self._pool(name) for name in ("checkout", "pledges")]
        self.floor = Floor(pools[0], cast("Any", self.owner))
        self.ledger = Ledger(pool=pools[1], owner=self.owner)

    async def begin(self, *goals: int) -> None:
        """Empty both services and publish a campaign for each goal."""
        self.orders: list[Order] = []
        self.cancelled: set[PledgeId] = set()
        self.delivered: set[Told] = set()
        self.ended: set[CampaignSlug] = set()
        self.deeds = 0
        await _empty(self.owner)
        for slug, goal in zip(SLUGS, goals, strict=True):
            news: CampaignPublished = published(a_film(slug, goal))
            await self.floor.do(CHECKOUT_HEARS[CampaignPublished], news)
            await self.ledger.hear(news)

    async def _pool(self, name: str) -> Pool:
        return await open_pool(self.database.url(name), schema=name, size_max=8)

    async def close(self) -> None:
        """Give the connections back."""
        await self.floor.pool.close()
        await self.ledger.pool.close()
        await self.owner.close()

    async def at_once(self, *work: Awaitable[Any]) -> None:
        """Do all of it at the same time. People may be refused; nothing else may happen."""
        self.deeds += len(work)
        results = await asyncio.gather(*work, return_exceptions=True)
        for each in results:
            if isinstance(each, BaseException) and not isinstance(each, Refusal):
                raise each

    async def pledge(self, chance: Random) -> None:
        """Somebody fills a cart and saves a card, or leaves it."""
        slugs = chance.choice((SLUGS[:1], SLUGS[1:], SLUGS))
        items = [
            WantedItem(id=f"{slug}__{tier}", quantity=chance.randint(1, 2))
            for slug in slugs
            for tier in chance.choice(((LIMITED,), (FREE,), (LIMITED, FREE)))
        ]
        order = await self.floor.open(a_cart(*items, tip_percent=chance.randint(0, 15)))
        self.orders.append(order)
        if chance.random() < 0.15:
            await self.floor.expire(order)
        elif chance.random() < 0.9:
            await self.complete(order, chance.choice(EMAILS))

    async def complete(self, order: Order, email: str) -> None:
        """Tell checkout, as everybody who hears of it does, that a card was saved."""
        await self.floor.complete(order, email=email)

    async def complete_again(self, chance: Random) -> None:
        """Say once more, twice, what is known: or for the first time what was forgotten."""
        if self.orders:
            order, email = chance.choice(self.orders), chance.choice(EMAILS)
            await asyncio.gather(self.complete(order, email), self.complete(order, email))

    async def cancel(self, chance: Random) -> None:
        """Somebody withdraws, and may press the button twice."""
        for pledge_id in await self._some_pledge(chance):
            await self.ledger.cancel(pledge_id)
            # Answered, not refused: from here on nobody may ever charge it.
            assert pledge_id not in self.cancelled, "cancelled twice"
            self.cancelled.add(pledge_id)

    async def modify(self, chance: Random) -> None:
        """Somebody changes what they get, or only their tip; a key may come twice."""
        for pledge_id in await self._some_pledge(chance):
            tiers = [
                TierWanted(id=tier, qty=chance.randint(1, 3))
                for tier in chance.choice(((LIMITED,), (FREE,), (LIMITED, FREE)))
            ]
            asked = ModifyRequest(
                token="t",
                add_tiers=tiers if chance.random() < 0.8 else None,
                tip_percent=chance.randint(0, 15) if chance.random() < 0.5 else None,
            )
            link = await self.ledger.link(pledge_id)
            key = chance.choice((None, f"key-{chance.randint(1, 3)}"))
            await modify_pledge(self.ledger.pool, self._bus(), link, asked, key=key)

    async def _some_pledge(self, chance: Random) -> list[PledgeId]:
        rows = await self.ledger.pool.fetch("SELECT pledge_id FROM pledges ORDER BY pledge_id")
        return [chance.choice(rows)["pledge_id"]] if rows else []

    def _bus(self) -> Bus:
        """Return a bus on which the ledger's questions reach the real checkout."""
        floor = self.floor

        class Wire:
            async def ask(self, _: str, question: bytes, *, within_seconds: float) -> bytes:
                assert within_seconds > 0
                return await answer_question(floor.pool, floor.carrier, question)

        return cast("Bus", Wire())

    async def repair(self, chance: Random) -> None:
        """An operator counts anew in the middle of it all, and finds nothing wrong."""
        slug = chance.choice(SLUGS)
        assert not (await self.ledger.recalculate(slug)).corrected
        async with transaction(self.floor.pool) as conn:
            assert not (await recount_stock(conn, slug)).corrected

    async def deliver(self, chance: Random, *, share: float = 0.5) -> int:
        """Carry a part of what was said to whoever hears it, in any order, some of it twice."""
        waiting = [
            *await self._waiting("checkout", self.floor.pool, LEDGER_HEARS, self.ledger.pool),
            *await self._waiting("pledges", self.ledger.pool, CHECKOUT_HEARS, self.floor.pool),
        ]
        chance.shuffle(waiting)
        for told, event, handler, pool in waiting:
            if chance.random() > share:
                continue
            times = 2 if chance.random() < 0.2 else 1
            heard = await asyncio.gather(*[_hear(pool, handler, event) for _ in range(times)])
            if any(heard):
                self.delivered.add(told)
        return len(waiting)

    async def _waiting(
        self, name: str, pool: Pool, hears: Hears, listener: Pool
    ) -> list[tuple[Told, Event, Callable[..., Awaitable[Any]], Pool]]:
        rows = await pool.fetch("SELECT outbox_id, event_type, payload FROM outbox")
        return [
            (
                (name, row["outbox_id"]),
                msgspec.json.decode(row["payload"], type=kind),
                hears[kind],
                listener,
            )
            for row in rows
            if (name, row["outbox_id"]) not in self.delivered
            and (kind := EVENTS[row["event_type"]]) in hears
        ]

    async def reach_the_deadline(self, slug: CampaignSlug, chance: Random) -> None:
        """End a campaign: what is open is decided, counted, and announced. The ledger closes.

        Then what was said before is told in any order: the close waits for all of it.
        """
        if not self.ended:
            await self.ledger.advance(days=30)
        self.ended.add(slug)
        for order in self.orders:
            if chance.random() < 0.5:
                await self.complete(order, chance.choice(EMAILS))
            await self.floor.expire(order)
        async with transaction(self.floor.pool) as conn:
            assert await close_if_decided(conn, slug)
        await self.ledger.hear(deadline_passed(slug))
        await self.ledger.tick()

    async def hear_of_a_charge(self, chance: Random) -> None:
        """Stripe has decided about somebody, and says so once or twice."""
        requests: list[ChargeRequested] = await self.ledger.told(ChargeRequested)
        if not requests:
            return
        asked = chance.choice(requests)
        email = await self.ledger.pool.fetchval(
            "SELECT email FROM supporters WHERE supporter_id = $1", asked.supporter_id
        )
        charge = f"{asked.campaign}:{asked.supporter_id}"
        facts: dict[str, Any] = {"amount": asked.amount_cents, "campaign": asked.campaign}
        state = (await self.ledger.pledge(asked.pledge_ids[0])).status
        lost_at = (await self.ledger.pledge(asked.pledge_ids[0])).lost_at
        if state == "charged":
            if asked.campaign == SLUGS[0]:
                back = msgspec.structs.replace(
                    refunded(email, 100, refund=f"rf_{self.deeds}", charge=charge),
                    campaign=asked.campaign,
                )
                await self.ledger.hear(back, back)
        elif lost_at is None:
            outcome = chance.choice(("paid", "declined", "lost"))
            if outcome == "paid":
                news: Event = paid(email, charge=charge, **facts)
            elif outcome == "declined":
                news = declined(email, attempt=self.deeds, charge=charge, **facts)
            elif state == "payment_failed":
                news = lost(email, charge=charge, **facts)
            else:
                return
            await self.ledger.hear(*[news] * chance.randint(1, 2))

    async def come_to_rest(self, chance: Random) -> None:
        """Let everything arrive that is on its way."""
        for _ in range(60):
            await self.ledger.tick()
            if not await self.deliver(chance, share=1.0):
                return
        raise AssertionError("it never comes to rest")

    async def grow_old(self) -> int:
        """Let years go by, and forget what is past its time; return how many addresses went."""
        async with self.owner.transaction():
            # Nothing that is sold here is posted.
            await self.owner.execute("SET LOCAL session_replication_role = replica")
            for table in ("pledges.pledges", "checkout.orders"):
                await self.owner.execute(f"UPDATE {table} SET shipping_address = '{HOME}'")
        await self.ledger.advance(days=3_000)
        async with transaction(self.ledger.pool) as conn:
            gone = await forget_addresses(conn)
        await self.floor.do(old_orders.forget_intents, limit=1_000)
        await self.floor.do(old_orders.forget_addresses, limit=1_000)
        return gone

    async def inspect(self) -> Report:
        """Return what the platform's own checker finds at rest: it shares no code with us."""
        async with checker.snapshot(self.database.owner_url) as conn:
            return await checker.evaluate(
                conn, None, is_at_rest=True, only=lambda rule: rule.name.startswith(RULES)
            )

    async def assert_right(self) -> None:
        """At any moment sums agree, units add up, and nobody who withdrew was asked to pay."""
        await self.ledger.assert_in_sync()
        await self.floor.assert_units_add_up()
        asked = {
            each
            for request in await self.ledger.told(ChargeRequested)
            for each in request.pledge_ids
        }
        assert not asked & self.cancelled

    async def assert_complete(self) -> None:
        """At rest everybody who was told of a pledge has one, and sums are what is claimed."""
        report = await self.inspect()
        assert report.is_clean, "\n".join(map(str, report.violations))
        made = [each.pledge.pledge_id for each in await self.ledger.told(PledgeCreated)]
        assert len(made) == len(set(made)) == await self.ledger.count("pledges")
        for pledge_id in self.cancelled:
            assert (await self.ledger.pledge(pledge_id)).status == "cancelled"


async def _hear(pool: Pool, handler: Callable[..., Awaitable[Any]], event: Event) -> bool:
    """Apply an event; False when it came too early and has to come again."""
    try:
        async with transaction(pool) as conn:
            await handler(conn, event)
    except NotYet:
        return False
    return True


async def _empty(owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    tables = await owner.fetchval(
        """
        SELECT string_agg(format('%I.%I', schemaname, tablename), ', ')
        FROM pg_tables
        WHERE schemaname IN ('pledges', 'checkout')
          AND tablename <> 'schema_migrations'
        """
    )
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(f"TRUNCATE {tables}")
        await owner.execute("UPDATE platform.clock_offset SET offset_by = '0'")
