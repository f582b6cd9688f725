"""NATS stops answering: noticed in time, and a time-out is never taken for an answer."""

import time

from services.chassis.events.bus import Bus
from services.chassis.storage.database import Pool
from tests.recovery.people import CALENDAR, Ear, in_background, pair, say, until, went_live
from tests.recovery.stopping import stopped
from tests.support.stack import Database, Servers


async def none_left(pool: Pool) -> bool:
    return await pool.fetchval("SELECT count(*) = count(published_at) FROM outbox") is True


async def all_answered(bus: Bus) -> bool:
    return await bus.backlog(CALENDAR, "SETTLEMENT") == 0


async def test_a_silent_bus_is_noticed_within_fifteen_seconds_and_comes_back(
    servers: Servers, database: Database, nats_url: str
) -> None:
    async with pair(database, nats_url) as both:
        with stopped(servers.pid("nats")):
            began = time.monotonic()
            await until(lambda: not both.bus.is_connected)
            noticed = time.monotonic() - began

        await until(lambda: both.bus.is_connected, seconds=10)
    assert noticed <= 15.5


async def test_an_event_whose_publishing_timed_out_is_said_again_under_the_same_id(
    servers: Servers, database: Database, nats_url: str
) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        await say(both.speaker, went_live("before"))
        await until(lambda: both.speaker.fetchval("SELECT count(published_at) FROM outbox"))
        with stopped(servers.pid("nats")):
            event_id = await say(both.speaker, went_live("film"))
            # Two attempts at least: each may have been stored though nobody said so.
            await until(lambda: both.relay.pauses >= 2)
            assert await none_left(both.speaker) is False

        await until(lambda: none_left(both.speaker))
        seen = await both.bus.look_at("SETTLEMENT")
        assert seen.last_sequence == 2
        async with in_background(ear.listener().run(both.reader, both.bus)):
            await until(lambda: len(ear.heard) == 2)
            await until(lambda: all_answered(both.bus))
        assert ear.tried[-1] == event_id
