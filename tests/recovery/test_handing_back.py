"""A listener that is stopped under load leaves nothing for half a minute."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress

import nats
import pytest
from nats.aio.msg import Msg

from contracts.streams import CONSUMERS, STREAMS, consumer
from contracts.subjects import subject
from services.chassis.events.away import BUS_AWAY
from services.chassis.events.bus import ACK_WAIT_SECONDS, Bus
from services.chassis.events.messages import delivery_count
from services.chassis.events.pull import Pull, give_back
from services.chassis.storage.database import Pool
from services.chassis.web import serving
from tests.recovery.people import CALENDAR, Ear, Pair, in_background, pair, say, until, went_live
from tests.support.stack import Database

ROUNDS = 5


def new_bus(nats_url: str) -> Bus:
    return Bus(nats_url, name="site", streams=STREAMS, consumers=CONSUMERS)


async def talk(speaker: Pool) -> None:
    for number in itertools.count():
        await say(speaker, went_live(f"film-{number}"))


async def applied(both: Pair) -> int:
    return int(await both.reader.fetchval("SELECT count(*) FROM inbox"))


async def all_applied(both: Pair) -> bool:
    said = await both.speaker.fetchval("SELECT count(*) FROM outbox")
    return bool(await applied(both) == said)


async def test_its_successor_hears_everything_long_before_the_bus_would_ask_again(
    database: Database, nats_url: str
) -> None:
    async with pair(database, nats_url) as both:
        for _ in range(ROUNDS):
            bus, wanted = new_bus(nats_url), await applied(both) + 20

            async def enough(wanted: int = wanted) -> bool:
                return await applied(both) >= wanted

            async with in_background(talk(both.speaker)):
                connection = asyncio.create_task(bus.run())
                loop = asyncio.create_task(Ear().listener().run(both.reader, bus))
                await until(enough)
                await serving.cancel([loop])
                await serving.cancel([connection])
            bus = new_bus(nats_url)
            async with in_background(bus.run(), Ear().listener().run(both.reader, bus)):
                await until(lambda: all_applied(both), seconds=ACK_WAIT_SECONDS / 2)


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Bus]:
    running = new_bus(nats_url)
    async with in_background(running.run()):
        await running.ready()
        yield running


async def publish(bus: Bus, count: int) -> set[str]:
    said: set[str] = set()
    for number in range(count):
        event = went_live(f"film-{number}")
        heading = subject(type(event), event.campaign)
        await bus.publish(heading, b"{}", {"Nats-Msg-Id": event.event_id})
        said.add(event.event_id)
    return said


def names(messages: list[Msg]) -> set[str]:
    return {(msg.headers or {})["Nats-Msg-Id"] for msg in messages}


async def everything(pull: Pull) -> list[Msg]:
    found: list[Msg] = []
    while messages := await pull.fetch(64, seconds=1):
        found += messages
    return found


async def test_a_fetch_that_is_cut_short_loses_nothing(bus: Bus) -> None:
    first, second = await bus.pull(consumer(CALENDAR)), await bus.pull(consumer(CALENDAR))
    speaking = asyncio.ensure_future(publish(bus, 200))
    taken: list[Msg] = []
    while not speaking.done():
        fetching = asyncio.ensure_future(first.fetch(64, seconds=5))
        await asyncio.wait([fetching], timeout=0.003)
        fetching.cancel()
        with suppress(asyncio.CancelledError):
            taken += await fetching
            await asyncio.gather(*(msg.ack() for msg in taken if not msg.is_acked))
    await first.close()

    rest = await everything(second)

    assert names(taken) | names(rest) == await speaking


async def test_what_is_given_back_comes_again_at_once(bus: Bus) -> None:
    said = await publish(bus, 5)
    first, second = await bus.pull(consumer(CALENDAR)), await bus.pull(consumer(CALENDAR))
    done, *others = await first.fetch(5, seconds=5)
    await done.ack()
    await give_back([done, *others])

    again = await everything(second)

    assert len(others) == 4
    assert names(again) == said - names([done])
    assert {delivery_count(msg) for msg in again} == {2}


async def test_a_quiet_moment_is_no_fault_and_a_missing_durable_is_one(
    bus: Bus, nats_url: str
) -> None:
    pull = await bus.pull(consumer(CALENDAR))
    quiet = await pull.fetch(64, seconds=0.2)
    operator = await nats.connect(nats_url)
    await operator.jetstream().delete_consumer("SETTLEMENT", CALENDAR)
    await operator.close()

    assert quiet == []
    with pytest.raises(BUS_AWAY):
        await pull.fetch(64, seconds=5)
