"""What the recovery tests share: a service that speaks, one that listens, a bus between."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nats.aio.client import Client

from contracts.events.settlement import CampaignWentLive, DeadlinePassed, SettlementSettled
from contracts.ids import CampaignSlug
from contracts.streams import CONSUMERS, STREAMS, consumer
from services.chassis.events import outbox
from services.chassis.events.bus import Bus
from services.chassis.events.inbox import Listener
from services.chassis.events.outbox import Relay
from services.chassis.storage.database import Connection, Pool, open_pool, transaction
from tests.support.stack import Database

CALENDAR = "site-calendar"


@dataclass
class Ear:
    """A listener that notes what it applied, and fails where it is told to."""

    heard: list[tuple[str, str]] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    poison: set[str] = field(default_factory=set)

    async def hear(
        self, _: Connection, event: CampaignWentLive | DeadlinePassed | SettlementSettled
    ) -> None:
        self.tried.append(event.event_id)
        if event.event_id in self.poison:
            raise ValueError("this cannot be")
        self.heard.append((type(event).__name__, event.campaign))

    def listener(self) -> Listener:
        calendar = consumer(CALENDAR)
        return Listener(calendar, dict.fromkeys(calendar.events, self.hear))


@dataclass
class Pair:
    """Settlement speaks, site listens."""

    speaker: Pool
    reader: Pool
    bus: Bus
    relay: Relay


@asynccontextmanager
async def pair(database: Database, nats_url: str) -> AsyncIterator[Pair]:
    """Run the speaker's relay and a bus for a while; who listens is up to the test."""
    speaker = await open_pool(database.url("settlement"), schema="settlement")
    reader = await open_pool(database.url("site"), schema="site")
    bus = Bus(nats_url, name="settlement", streams=STREAMS, consumers=CONSUMERS)
    relay = Relay(speaker, bus, schema="settlement")
    try:
        async with in_background(bus.run(), relay.run()):
            await bus.ready()
            yield Pair(speaker, reader, bus, relay)
    finally:
        await asyncio.gather(speaker.close(), reader.close())


@asynccontextmanager
async def in_background(*work: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """Run loops beside the block, and end them with it."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, Exception):
                await asyncio.wait_for(task, 5)


def went_live(campaign: str) -> CampaignWentLive:
    now = datetime.now(UTC)
    return CampaignWentLive(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        campaign=CampaignSlug(campaign),
        starts_at=now,
    )


def deadline_passed(campaign: str) -> DeadlinePassed:
    now = datetime.now(UTC)
    return DeadlinePassed(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        campaign=CampaignSlug(campaign),
        deadline_at=now,
    )


async def say(pool: Pool, event: CampaignWentLive | DeadlinePassed, version: int = 1) -> str:
    """Say one fact through the outbox; return its id."""
    async with transaction(pool) as conn:
        await outbox.append(
            conn, event, key=event.campaign, aggregate=event.campaign, version=version
        )
    return event.event_id


async def publish_raw(nats_url: str, subject: str, payload: bytes, headers: dict[str, str]) -> None:
    """Put anything at all on the bus."""
    client = Client()
    await client.connect(nats_url)
    await client.jetstream().publish(subject, payload, headers=headers)
    await client.close()


async def until(probe: Callable[[], Any], seconds: float = 30) -> Any:
    """Return the first true answer of a probe, which may be a coroutine function."""
    async with asyncio.timeout(seconds):
        while True:
            answer = probe()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(0.02)
