"""Live figures through the whole service: heard on the bus, shown, pushed, and kept."""

import asyncio
import contextlib
import functools
import json
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
import nats
import pytest
from redis.asyncio import Redis

from contracts.events.base import Event
from contracts.events.pledges import TotalsChanged
from contracts.ids import CampaignSlug
from contracts.money import Cents
from contracts.subjects import subject
from tests.site.running import Behind, RunningSite, eventually, running_site
from tests.site.samples import campaign
from tests.site.test_figures import closing, stock, totals
from tests.support.stack import Database, Servers

SLUG = CampaignSlug("long-take")
LIVE = f"/live/{SLUG}"


@pytest.fixture
def with_campaign(content: Path) -> Path:
    (content / "long-take.md").write_text(campaign())
    return content


Run = Callable[..., AbstractAsyncContextManager[RunningSite]]


@pytest.fixture
def run(servers: Servers, database: Database, with_campaign: Path, services: Behind) -> Run:
    """Start another process of the same site."""
    return functools.partial(running_site, servers, database, with_campaign, services)


@pytest.fixture
async def site(run: Run, nats_url: str, redis_url: str) -> AsyncIterator[RunningSite]:
    async with run(nats_url=nats_url, redis_url=redis_url) as running:
        yield running


async def tell(nats_url: str, *events: Event) -> None:
    """Say what other services would say."""
    client = await nats.connect(nats_url)
    jetstream = client.jetstream()
    for event in events:
        where = subject(type(event), SLUG)
        for _ in range(100):
            try:
                await jetstream.publish(
                    where, msgspec.json.encode(event), headers={"Nats-Msg-Id": event.event_id}
                )
                break
            except nats.js.errors.NoStreamResponseError:
                await asyncio.sleep(0.1)
    await client.close()


async def live(site: RunningSite) -> dict[str, Any]:
    answer = await site.http.get(LIVE)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def shows(site: RunningSite, pledged: int) -> bool:
    return bool((await live(site))["stats"]["pledgedAmount"] == pledged)


async def test_the_first_answer_after_the_start_shows_what_is_published(site: RunningSite) -> None:
    found = await live(site)

    assert found["campaign"]["effectiveState"] == "live"
    assert found["campaign"]["title"] == "The Long Take"
    assert found["inventory"]["tiers"]["frame"] == {
        "limit": 7,
        "claimed": 0,
        "reserved": 0,
        "remaining": 7,
    }
    assert found["serverTime"]
    assert (await site.http.get("/campaigns/long-take/")).status_code == 200


async def test_what_is_heard_is_shown_on_every_page(site: RunningSite, nats_url: str) -> None:
    await tell(nats_url, totals(3, 12_345), stock(2, 3, 1))

    await eventually(lambda: shows(site, 12_345), what=site.log)
    await eventually(lambda: _stock_is(site, 3), what=site.log)
    await eventually(lambda: _has(site, "/campaigns/long-take/", "$123.45"), what=site.log)
    await eventually(lambda: _has(site, "/", "$123.45"), what=site.log)
    await eventually(lambda: _has(site, "/es/campaigns/long-take/", "$123.45"), what=site.log)


async def _stock_is(site: RunningSite, remaining: int) -> bool:
    tiers = (await live(site))["inventory"]["tiers"]
    return bool(tiers["frame"]["remaining"] == remaining)


async def _has(site: RunningSite, path: str, words: str) -> bool:
    return words in (await site.http.get(path)).text


async def test_an_older_event_that_comes_late_changes_nothing(
    site: RunningSite, nats_url: str
) -> None:
    await tell(nats_url, totals(3, 3_000), totals(2, 2_000), totals(3, 9_999), stock(1, 1))

    await eventually(lambda: _stock_is(site, 6), what=site.log)
    await asyncio.sleep(0.5)

    assert await shows(site, 3_000)


async def test_a_tag_saves_the_answer_until_something_changes(
    site: RunningSite, nats_url: str
) -> None:
    first = await site.http.get(LIVE)
    tag = first.headers["etag"]
    again = await site.http.get(LIVE, headers={"if-none-match": tag})
    await tell(nats_url, totals(1, 700))
    await eventually(lambda: shows(site, 700), what=site.log)

    changed = await site.http.get(LIVE, headers={"if-none-match": tag})

    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200
    assert changed.json()["version"] > first.json()["version"]


async def test_start_and_deadline_show_by_the_clock_and_the_count_by_its_event(
    site: RunningSite, nats_url: str, database: Database
) -> None:
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("UPDATE platform.clock_offset SET offset_by = interval '20 days'")

    await eventually(lambda: _state_is(site, "closing"), what=site.log)
    await tell(nats_url, closing(True))
    await eventually(lambda: _state_is(site, "post"), what=site.log)
    found = await live(site)
    await owner.execute("UPDATE platform.clock_offset SET offset_by = interval '-20 days'")
    await asyncio.sleep(2)

    assert found["campaign"]["funded"]
    # Moving the clock back undoes nothing.
    assert await _state_is(site, "post")
    await owner.close()


async def _state_is(site: RunningSite, state: str) -> bool:
    return bool((await live(site))["campaign"]["effectiveState"] == state)


@asynccontextmanager
async def watching(
    site: RunningSite, **headers: str
) -> AsyncIterator["asyncio.Queue[tuple[str, dict[str, Any]]]"]:
    """Read the stream as a browser does: a queue of ids and snapshots."""
    heard: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
    ready = asyncio.Event()

    async def read() -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with site.http.stream("GET", f"{LIVE}/events", headers=names, timeout=None) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            ready.set()
            event: dict[str, str] = {}
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if line:
                    event[name] = value
                elif "data" in event:
                    heard.put_nowait((event["id"], json.loads(event["data"])))
                    event = {}
        heard.put_nowait(("", {}))

    task = asyncio.create_task(read())
    await asyncio.wait_for(ready.wait(), 5)
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_reader_gets_what_is_and_then_what_is_newer(
    site: RunningSite, nats_url: str
) -> None:
    async with watching(site) as heard:
        _, first = await asyncio.wait_for(heard.get(), 5)
        await tell(nats_url, totals(1, 700))
        newest: dict[str, Any] = {}
        while newest.get("stats", {}).get("pledgedAmount") != 700:
            _, newest = await asyncio.wait_for(heard.get(), 10)

    assert first["stats"]["pledgedAmount"] == 0
    assert newest["version"] > first["version"]


async def test_who_comes_back_gets_nothing_twice(site: RunningSite, nats_url: str) -> None:
    async with watching(site) as heard:
        last, _ = await asyncio.wait_for(heard.get(), 5)

    async with watching(site, last_event_id=last) as heard:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(heard.get(), 0.5)
        await tell(nats_url, totals(1, 700))
        seen, snapshot = await asyncio.wait_for(heard.get(), 10)

    assert seen != last
    assert snapshot["stats"]["pledgedAmount"] in (0, 700)


async def test_a_hundred_changes_at_once_are_few_messages(site: RunningSite, nats_url: str) -> None:
    async with watching(site) as heard:
        await tell(nats_url, *(totals(number, number) for number in range(1, 101)))
        count, newest = 0, 0
        while newest != 100:
            _, snapshot = await asyncio.wait_for(heard.get(), 10)
            count, newest = count + 1, snapshot["stats"]["pledgedAmount"]

    assert count < 60


async def test_streams_are_for_campaigns_that_exist(site: RunningSite) -> None:
    answer = await site.http.get("/live/nobody/events")

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


async def test_a_stop_does_not_wait_for_open_streams(site: RunningSite) -> None:
    async with watching(site) as heard:
        await asyncio.wait_for(heard.get(), 5)
        started = time.monotonic()

        code = await site.stop()

    assert code == 0
    assert time.monotonic() - started < 5


async def test_another_process_shows_it_too(
    site: RunningSite, nats_url: str, run: Run, with_campaign: Path
) -> None:
    async with run(nats_url=nats_url) as other:
        await tell(nats_url, totals(1, 700))
        await eventually(lambda: shows(site, 700), what=site.log)
        await eventually(lambda: shows(other, 700), what=other.log)
        (with_campaign / "second.md").write_text(campaign("second"))
        await site.publish()

        await eventually(lambda: _is_shown(other, "/campaigns/second/"), what=other.log)


async def _is_shown(site: RunningSite, path: str) -> bool:
    return (await site.http.get(path)).status_code == 200


async def test_the_snapshot_is_mirrored_in_redis(
    site: RunningSite, nats_url: str, redis_url: str
) -> None:
    async with Redis.from_url(redis_url) as redis:

        async def mirrored() -> bool:
            raw = await redis.get(f"site:live:{SLUG}")
            return raw is not None and json.loads(raw)["stats"]["pledgedAmount"] == 700

        await tell(nats_url, totals(1, 700))
        await eventually(mirrored, what=site.log)


async def test_figures_survive_a_restart(
    run: Run,
    nats_url: str,
) -> None:
    async with run(nats_url=nats_url) as first:
        await tell(nats_url, totals(1, 700))
        await eventually(lambda: shows(first, 700), what=first.log)

    async with run(nats_url=nats_url) as second:
        assert await shows(second, 700)


async def test_pages_need_neither_bus_nor_redis(run: Run, database: Database) -> None:
    away = {"nats_url": "nats://127.0.0.1:1", "redis_url": "redis://127.0.0.1:1/0"}
    async with run(**away) as site:
        started = time.monotonic()
        for path in ("/", "/campaigns/long-take/", LIVE):
            assert (await site.http.get(path)).status_code == 200
        answer = await site.http.post("/pledge/cancel", json={})
        ready = await site.http.get("/readyz")

        assert answer.status_code == 200
        assert time.monotonic() - started < 2
        assert ready.status_code == 200
        assert "nats" in ready.json()["degraded"]


async def test_what_other_processes_wrote_is_found_without_the_bus(
    run: Run, database: Database
) -> None:
    async with run(nats_url="nats://127.0.0.1:1") as site:
        owner = await asyncpg.connect(database.owner_url)
        event = TotalsChanged(
            event_id=closing(True).event_id,
            occurred_at=closing(True).closed_at,
            campaign=SLUG,
            version=9,
            pledged_cents=Cents(4_200),
            pledge_count=1,
            tier_counts={},
            support_item_cents={},
        )
        await owner.execute(
            "UPDATE site.campaign_figures SET totals = $1, totals_version = 9, "
            "version = version + 1 WHERE slug = 'long-take'",
            msgspec.json.encode(event).decode(),
        )
        await owner.close()

        await eventually(lambda: shows(site, 4_200), what=site.log)


async def test_the_operator_can_kill_it_and_nothing_is_lost(
    run: Run,
    nats_url: str,
) -> None:
    async with run(nats_url=nats_url) as first:
        first.process.send_signal(signal.SIGKILL)
        await first.process.wait()
    await tell(nats_url, totals(1, 700))

    async with run(nats_url=nats_url) as second:
        await eventually(lambda: shows(second, 700), what=second.log)


async def test_slow_clients_do_not_hold_others_up(site: RunningSite) -> None:
    host = site.url.removeprefix("http://")
    address, _, port = host.partition(":")
    half = f"POST /pledge/cancel HTTP/1.1\r\nHost: {host}\r\nOrigin: {site.url}\r\n"
    writers = []
    for _ in range(50):
        _, writer = await asyncio.open_connection(address, int(port))
        writer.write(f"{half}Content-Length: 100\r\n\r\n{{".encode())
        writers.append(writer)

    started = time.monotonic()
    async with httpx.AsyncClient(base_url=site.url) as client:
        statuses = {(await client.get("/")).status_code for _ in range(50)}

    assert statuses == {200}
    assert time.monotonic() - started < 3
    for writer in writers:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
