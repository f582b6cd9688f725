"""A listener that is stopped under load leaves nothing for half a minute."""

import asyncio
import itertools
import time

from contracts.streams import CONSUMERS, STREAMS
from services.chassis.bus import Bus
from services.chassis.database import Pool
from tests.recovery.people import Ear, Pair, in_background, pair, say, until, went_live
from tests.support.stack import Database

ROUNDS = 3


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


async def test_its_successor_has_heard_everything_in_a_moment(
    database: Database, nats_url: str
) -> None:
    slowest = 0.0
    async with pair(database, nats_url) as both:
        for _ in range(ROUNDS):
            bus, wanted = new_bus(nats_url), await applied(both) + 20

            async def enough(wanted: int = wanted) -> bool:
                return await applied(both) >= wanted

            async with in_background(bus.run()), in_background(talk(both.speaker)):
                # The listener goes first, in the middle of everything; then its connection.
                async with in_background(Ear().listener().run(both.reader, bus)):
                    await until(enough)
                await asyncio.sleep(0.05)
            bus = new_bus(nats_url)
            async with in_background(bus.run(), Ear().listener().run(both.reader, bus)):
                began = time.monotonic()
                await until(lambda: all_applied(both), seconds=60)
                slowest = max(slowest, time.monotonic() - began)

    assert slowest < 6
