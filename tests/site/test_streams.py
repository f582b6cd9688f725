"""Streams of live figures: the newest once, few messages, and quickly ended."""

import asyncio
import contextlib
import time
from typing import Any

from services.chassis.web.serving import DRAIN_SECONDS
from tests.site.hearing import LIVE, Run, burst, tell, watching
from tests.site.running import Behind, RunningSite, eventually
from tests.site.test_figures import totals
from tests.support.stack import Database


async def test_a_reader_gets_what_is_and_then_what_is_newer(
    live_site: RunningSite, nats_url: str
) -> None:
    async with watching(live_site) as heard:
        _, first = await asyncio.wait_for(heard.get(), 30)
        await tell(nats_url, totals(1, 700))
        newest: dict[str, Any] = {}
        while newest.get("stats", {}).get("pledgedAmount") != 700:
            _, newest = await asyncio.wait_for(heard.get(), 30)

    assert first["stats"]["pledgedAmount"] == 0
    assert newest["version"] > first["version"]


async def test_who_comes_back_gets_nothing_twice(live_site: RunningSite, nats_url: str) -> None:
    async with watching(live_site) as heard:
        last, snapshot = await asyncio.wait_for(heard.get(), 30)
    versions = [snapshot["version"]]

    async with watching(live_site, last_event_id=last) as heard:
        # What comes though nobody said anything is the page itself having become newer.
        with contextlib.suppress(TimeoutError):
            while True:
                _, snapshot = await asyncio.wait_for(heard.get(), 0.5)
                versions.append(snapshot["version"])
        await tell(nats_url, totals(1, 700))
        _, snapshot = await asyncio.wait_for(heard.get(), 30)
        versions.append(snapshot["version"])

    assert versions == sorted(set(versions))
    assert snapshot["stats"]["pledgedAmount"] in (0, 700)


async def test_a_hundred_changes_at_once_are_few_messages(
    live_site: RunningSite, nats_url: str
) -> None:
    async with watching(live_site) as heard:
        await burst(nats_url, *(totals(number, number) for number in range(1, 101)))
        count, newest = 0, 0
        while newest != 100:
            _, snapshot = await asyncio.wait_for(heard.get(), 30)
            count, newest = count + 1, snapshot["stats"]["pledgedAmount"]

    assert count < 60


async def test_everybody_who_watches_sees_the_newest(live_site: RunningSite, nats_url: str) -> None:
    async with contextlib.AsyncExitStack() as open_pages:
        heard = [await open_pages.enter_async_context(watching(live_site)) for _ in range(40)]
        for number in range(1, 31):
            await tell(nats_url, totals(number, number * 100))

        async def last(queue: "asyncio.Queue[tuple[str, dict[str, Any]]]") -> list[int]:
            seen = [0]
            while seen[-1] != 3_000:
                seen.append((await asyncio.wait_for(queue.get(), 30))[1]["stats"]["pledgedAmount"])
            return seen

        everything = await asyncio.gather(*(last(queue) for queue in heard))

    for seen in everything:
        assert seen == sorted(seen), "what is shown never goes back"


async def test_streams_are_for_campaigns_that_exist(live_site: RunningSite) -> None:
    answer = await live_site.http.get("/live/nobody/events")

    assert answer.status_code == 404


async def test_too_many_readers_are_asked_to_come_later(run: Run, database: Database) -> None:
    async with (
        run(live_readers_per_address_max="2") as site,
        watching(site),
        watching(site),
    ):
        answer = await site.http.get(f"{LIVE}/events")

        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0


async def test_a_stop_does_not_wait_for_open_streams(live_site: RunningSite) -> None:
    async with watching(live_site) as heard:
        await asyncio.wait_for(heard.get(), 30)
        started = time.monotonic()

        code = await live_site.stop()

    assert code == 0
    # Whoever waits for streams waits until all the time there is to stop has passed.
    assert time.monotonic() - started < DRAIN_SECONDS


async def test_a_reader_who_left_makes_room(run: Run) -> None:
    async with run(live_readers_per_address_max="1") as site:
        for _ in range(3):
            await eventually(lambda: _has_room(site), what=site.log)


async def _has_room(site: RunningSite) -> bool:
    async with site.http.stream("GET", f"{LIVE}/events") as answer:
        return answer.status_code == 200


async def test_an_asker_who_waits_hears_how_things_stand_when_the_site_stops(
    site: RunningSite, services: Behind
) -> None:
    services.wait_seconds = 60
    path = "/checkout-intent/status/pool-intent-1"
    waiting = asyncio.create_task(site.http.get(f"{path}?wait=10"))
    await eventually(lambda: services.heard)

    services.wait_seconds = 0
    ended = asyncio.create_task(site.stop())
    answer = await asyncio.wait_for(waiting, 5)

    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert [each.target for each in services.heard] == [f"{path}?wait=10", path]
    assert await asyncio.wait_for(ended, 5) == 0
