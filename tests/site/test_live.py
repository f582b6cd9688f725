"""Live figures through the whole service: heard on the bus, shown, and kept."""

import asyncio
import contextlib
import json
import signal
import time
from pathlib import Path

import asyncpg
import httpx
import msgspec
from redis.asyncio import Redis

from contracts.events.pledges import TotalsChanged
from contracts.money import Cents
from tests.site.hearing import LIVE, SLUG, Run, live, shows, tell
from tests.site.running import RunningSite, eventually
from tests.site.samples import campaign
from tests.site.test_figures import add_on_stock, closing, stock, totals
from tests.support.stack import Database


async def test_the_first_answer_after_the_start_shows_what_is_published(
    live_site: RunningSite,
) -> None:
    found = await live(live_site)

    assert found["campaign"]["effectiveState"] == "live"
    assert found["campaign"]["title"] == "The Long Take"
    assert found["inventory"]["tiers"]["frame"] == {
        "limit": 7,
        "claimed": 0,
        "reserved": 0,
        "remaining": 7,
    }
    assert found["serverTime"]
    assert (await live_site.http.get("/campaigns/long-take/")).status_code == 200


async def test_what_is_heard_is_shown_on_every_page(live_site: RunningSite, nats_url: str) -> None:
    await tell(nats_url, totals(3, 12_345), stock(2, 3, 1))

    await eventually(lambda: shows(live_site, 12_345), what=live_site.log)
    await eventually(lambda: _stock_is(live_site, 3), what=live_site.log)
    await eventually(
        lambda: _has(live_site, "/campaigns/long-take/", "$123.45"), what=live_site.log
    )
    await eventually(lambda: _has(live_site, "/", "$123.45"), what=live_site.log)
    await eventually(
        lambda: _has(live_site, "/es/campaigns/long-take/", "$123.45"), what=live_site.log
    )


async def _stock_is(site: RunningSite, remaining: int) -> bool:
    tiers = (await live(site))["inventory"]["tiers"]
    return bool(tiers["frame"]["remaining"] == remaining)


async def _has(site: RunningSite, path: str, words: str) -> bool:
    return words in (await site.http.get(path)).text


async def test_what_is_left_of_the_platforms_own_products_is_listed(
    live_site: RunningSite, nats_url: str, with_campaign: Path
) -> None:
    (with_campaign / "platform.yml").write_text(
        "add_ons:\n  enabled: true\n  products:\n"
        "    - {id: mug, name: Mug, price: 9.5, category: digital, inventory: 9}\n"
        "    - {id: cap, name: Cap, price: 20, category: digital,"
        " variants: [{id: s, label: S, price: 0}]}\n"
    )
    await live_site.publish()
    await eventually(lambda: _mugs_are(live_site, 9), what=live_site.log)

    await tell(nats_url, add_on_stock(3, 2), add_on_stock(2, 8))
    await eventually(lambda: _mugs_are(live_site, 7), what=live_site.log)

    cap = (await live_site.http.get("/api/add-ons.json")).json()["products"][1]
    assert cap["remaining"] is None
    assert cap["variants"] == [{"id": "s", "label": "S", "price": 0, "remaining": None}]


async def _mugs_are(site: RunningSite, remaining: int) -> bool:
    products = (await site.http.get("/api/add-ons.json")).json()["products"]
    return bool(products and products[0]["remaining"] == remaining)


async def test_an_older_event_that_comes_late_changes_nothing(
    live_site: RunningSite, nats_url: str
) -> None:
    await tell(nats_url, totals(3, 3_000), totals(2, 2_000), totals(3, 9_999), stock(1, 1))

    await eventually(lambda: _stock_is(live_site, 6), what=live_site.log)
    await asyncio.sleep(0.5)

    assert await shows(live_site, 3_000)


async def test_a_tag_saves_the_answer_until_something_changes(
    live_site: RunningSite, nats_url: str
) -> None:
    first = await live_site.http.get(LIVE)
    tag = first.headers["etag"]
    again = await live_site.http.get(LIVE, headers={"if-none-match": tag})
    await tell(nats_url, totals(1, 700))
    await eventually(lambda: shows(live_site, 700), what=live_site.log)

    changed = await live_site.http.get(LIVE, headers={"if-none-match": tag})

    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200
    assert changed.json()["version"] > first.json()["version"]


async def test_start_and_deadline_show_by_the_clock_and_the_count_by_its_event(
    live_site: RunningSite, nats_url: str, database: Database
) -> None:
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("UPDATE platform.clock_offset SET offset_by = interval '20 days'")

    await eventually(lambda: _state_is(live_site, "closing"), what=live_site.log)
    await tell(nats_url, closing(True))
    await eventually(lambda: _state_is(live_site, "post"), what=live_site.log)
    found = await live(live_site)
    await owner.execute("UPDATE platform.clock_offset SET offset_by = interval '-20 days'")
    await asyncio.sleep(2)

    assert found["campaign"]["funded"]
    # Moving the clock back undoes nothing.
    assert await _state_is(live_site, "post")
    await owner.close()


async def _state_is(site: RunningSite, state: str) -> bool:
    return bool((await live(site))["campaign"]["effectiveState"] == state)


async def test_another_process_shows_it_too(
    live_site: RunningSite, nats_url: str, run: Run, with_campaign: Path
) -> None:
    async with run(nats_url=nats_url) as other:
        await tell(nats_url, totals(1, 700))
        await eventually(lambda: shows(live_site, 700), what=live_site.log)
        await eventually(lambda: shows(other, 700), what=other.log)
        # Whichever of them one address leads to: a tag from one is good at the other.
        mine, others = [await each.http.get("/live/long-take") for each in (live_site, other)]
        assert mine.headers["etag"] == others.headers["etag"]
        assert {**mine.json(), "serverTime": ""} == {**others.json(), "serverTime": ""}
        (with_campaign / "second.md").write_text(campaign("second"))
        await live_site.publish()

        await eventually(lambda: _is_shown(other, "/campaigns/second/"), what=other.log)


async def _is_shown(site: RunningSite, path: str) -> bool:
    return (await site.http.get(path)).status_code == 200


async def test_the_snapshot_is_mirrored_in_redis(
    live_site: RunningSite, nats_url: str, redis_url: str
) -> None:
    async with Redis.from_url(redis_url) as redis:

        async def mirrored() -> bool:
            raw = await redis.get(f"site:live:{SLUG}")
            return raw is not None and json.loads(raw)["stats"]["pledgedAmount"] == 700

        await tell(nats_url, totals(1, 700))
        await eventually(mirrored, what=live_site.log)


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


async def test_a_view_asks_no_database(live_site: RunningSite, database: Database) -> None:
    async def transactions() -> int:
        # A backend tells the counters what it did when it is idle, and a second later.
        await asyncio.sleep(1.5)
        owner = await asyncpg.connect(database.owner_url)
        count: int = await owner.fetchval(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database"
            " WHERE datname = current_database()"
        )
        await owner.close()
        return count

    before = await transactions()
    for _ in range(150):
        for path in ("/", "/es/campaigns/long-take/", LIVE, "/campaigns/"):
            assert (await live_site.http.get(path)).status_code == 200

    # What the process does by itself goes on: a few in a second, and not one for each view.
    assert await transactions() - before < 150


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


async def test_slow_clients_do_not_hold_others_up(live_site: RunningSite) -> None:
    host = live_site.url.removeprefix("http://")
    address, _, port = host.partition(":")
    half = f"POST /pledge/cancel HTTP/1.1\r\nHost: {host}\r\nOrigin: {live_site.url}\r\n"
    writers = []
    for _ in range(50):
        _, writer = await asyncio.open_connection(address, int(port))
        writer.write(f"{half}Content-Length: 100\r\n\r\n{{".encode())
        writers.append(writer)

    started = time.monotonic()
    async with httpx.AsyncClient(base_url=live_site.url) as client:
        statuses = {(await client.get("/")).status_code for _ in range(50)}

    assert statuses == {200}
    assert time.monotonic() - started < 3
    for writer in writers:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
