"""The bus forgets; the outbox does not."""

import asyncio
from datetime import UTC, datetime

import pytest
from nats.aio.client import Client

from contracts.events.base import Event
from contracts.events.settlement import CampaignWentLive
from contracts.ids import CampaignSlug
from contracts.streams import CONSUMERS, STREAMS, consumer
from services.chassis.events import outbox
from services.chassis.events.bus import Bus
from services.chassis.events.inbox import Listener
from services.chassis.events.outbox import Relay
from services.chassis.storage.database import Connection, Pool, open_pool, transaction
from tests.recovery.people import in_background
from tests.support.stack import Database

EVENTS = 30


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Ear:
    """A listener that counts what it is told, through the real inbox."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def hear(self, _: Connection, event: Event) -> None:
        self.heard.append(event.event_id)

    def listener(self) -> Listener:
        calendar = consumer("site-calendar")
        return Listener(calendar, dict.fromkeys(calendar.events, self.hear))


async def say(pool: Pool, count: int) -> None:
    for number in range(count):
        event = CampaignWentLive(
            event_id=outbox.new_event_id(),
            occurred_at=datetime.now(UTC),
            campaign=CampaignSlug(f"film-{number}"),
            starts_at=datetime.now(UTC),
        )
        async with transaction(pool) as conn:
            await outbox.append(
                conn, event, key=event.campaign, aggregate=event.campaign, version=1
            )


async def until(condition: object, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if condition():  # type: ignore[operator]
                return
            await asyncio.sleep(0.05)


async def unpublished(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL"))


async def forget_everything(nats_url: str) -> None:
    client = Client()
    await client.connect(nats_url)
    for stream in STREAMS:
        await client.jetstream().delete_stream(stream.name)
    await client.close()


async def test_events_nobody_had_heard_are_said_again_after_a_wipe(
    database: Database, nats_url: str
) -> None:
    speaker = await open_pool(database.url("settlement"), schema="settlement")
    reader = await open_pool(database.url("site"), schema="site")
    bus = Bus(nats_url, name="settlement", streams=STREAMS, consumers=CONSUMERS)
    relay, ear = Relay(speaker, bus, schema="settlement", look_seconds=0.3), Ear()

    async with in_background(bus.run(), relay.run()):
        await bus.ready()
        await say(speaker, EVENTS)
        for _ in range(400):
            if await unpublished(speaker) == 0:
                break
            await asyncio.sleep(0.05)
        # The relay has looked at its stream at least once while it held all of them.
        await until(lambda: relay.looks > 1)
        await forget_everything(nats_url)

        async with in_background(ear.listener().run(reader, bus)):
            await until(lambda: len(ear.heard) >= EVENTS)

            assert len(set(ear.heard)) == EVENTS
            assert len(ear.heard) == EVENTS

    await speaker.close()
    await reader.close()


async def test_a_stream_that_was_empty_is_not_replayed_from_the_beginning(
    database: Database, nats_url: str
) -> None:
    speaker = await open_pool(database.url("settlement"), schema="settlement")
    await speaker.execute(
        """
        INSERT INTO outbox
            (event_id, subject, event_type, aggregate_id, aggregate_version, payload, headers,
             published_at)
        VALUES ('old', 'settlement.went_live.old', 'settlement.went_live', 'old', 1, '{}', '{}',
                now() - interval '1 day')
        """
    )
    bus = Bus(nats_url, name="settlement", streams=STREAMS, consumers=CONSUMERS)
    relay = Relay(speaker, bus, schema="settlement", look_seconds=0.3)

    async with in_background(bus.run(), relay.run()):
        await until(lambda: relay.looks > 1)
        await forget_everything(nats_url)
        looks = relay.looks
        await until(lambda: relay.looks > looks + 1)

        assert await unpublished(speaker) == 0

    await speaker.close()
