"""Settlement as a process, on a real bus, with Stripe at the other end."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial

import pytest

from contracts.streams import CONSUMERS, STREAMS
from services.chassis.events.bus import Bus
from services.chassis.storage.database import Connection, open_pool
from services.settlement.consumers import Charger
from services.settlement.stripe_gateway.charges import StripeGateway
from tests.settlement.builders import (
    AMOUNT,
    NOW,
    a_definition,
    a_pledge,
    a_slug,
    closed,
    created,
    due,
    move_clock,
    outbox_events,
    published,
    requested,
)
from tests.settlement.process import Service, declared, environment, running, speaking
from tests.settlement.runs import Settlement
from tests.settlement.sandbox import DECLINED, Sandbox
from tests.support.stack import Database
from tests.support.unlimited import unlimited

SUCCEEDED = "settlement.charge_succeeded"


@pytest.fixture
def environ(database: Database, nats_url: str, redis_url: str, stripe: Sandbox) -> dict[str, str]:
    return environment(database, nats_url, redis_url, stripe)


@pytest.fixture
def service(environ: dict[str, str]) -> Iterator[Service]:
    with running(environ) as started:
        yield started


async def test_a_campaign_from_its_publication_to_its_last_charge(
    service: Service, owner: Connection, nats_url: str, stripe: Sandbox
) -> None:
    slug = a_slug()
    good, bad = stripe.saved_card(), stripe.saved_card(DECLINED)
    pledges = [a_pledge(slug, card=good), a_pledge(slug, card=bad, amount=1_000)]
    await move_clock(owner, NOW)
    async with speaking(nats_url) as ledger:
        await ledger.say(published(a_definition(slug)), slug, times=3)
        for pledge in pledges:
            await ledger.say(created(pledge), slug, times=3)
        service.wait(lambda: _forecast(service, slug)["supporters"] == 2)
        forecast = _forecast(service, slug)
        early = service.http.post(f"/admin/settle-dispatch/{slug}", json={})

        await move_clock(owner, NOW.replace(month=5))
        await _until(owner, "settlement.deadline_passed", 1)
        await ledger.say(closed(slug, count=2), slug, times=3)
        for pledge in pledges:
            event = requested(
                slug,
                pledge.card,
                amount=pledge.price.total_cents,
                supporter_id=pledge.supporter_id,
                pledge_ids=(pledge.pledge_id,),
            )
            await ledger.say(event, slug, times=5)
        service.wait(lambda: service.run_of(slug)["status"] == "recovering")

    run = service.run_of(slug)
    stale = service.http.post(f"/admin/settle-dispatch/{slug}", json={"planHash": "x"})
    again = service.http.post(
        f"/admin/settle-dispatch/{slug}", json={"planHash": forecast["planHash"]}
    )
    assert (forecast["totalAmount"], forecast["isForecast"]) == (AMOUNT + 1_000, True)
    assert (early.status_code, early.json()["error"]) == (409, "not_closed")
    assert (stale.status_code, stale.json()["error"]) == (409, "stale_plan")
    assert (again.status_code, again.json()) == (200, run)
    assert (run["planned"], run["succeeded"], run["failed"], run["lost"]) == (2, 1, 1, 0)
    assert run["amounts"] == {
        "planned": AMOUNT + 1_000,
        "succeeded": AMOUNT,
        "failed": 1_000,
        "unknown": 0,
        "lost": 0,
    }
    assert stripe.charged(slug) == [AMOUNT]
    assert len(await outbox_events(owner, SUCCEEDED)) == 1


def _forecast(service: Service, slug: str) -> dict[str, object]:
    answer = service.http.post(f"/admin/settle/{slug}", json={"dryRun": True})
    return dict(answer.json()) if answer.status_code == 200 else {"supporters": 0}


async def _until(owner: Connection, kind: str, count: int, *, seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while len(await outbox_events(owner, kind)) < count:
        assert time.monotonic() < limit, f"{count} × {kind} not in time"
        await asyncio.sleep(0.1)


async def test_only_the_operator_behind_the_gateway_is_answered(service: Service) -> None:
    paths = ("/admin/settlements/film", "/admin/cron/status")

    strangers = [service.http.get(path, headers={"x-pool-gateway": "no"}) for path in paths]
    guests = [service.http.get(path, headers={"Authorization": "Bearer no"}) for path in paths]
    unknown = service.http.post("/admin/settle/no-such-film", json={"dryRun": True})
    bare = service.http.post("/admin/settle-dispatch/no-such-film")
    odd = service.http.post("/admin/settle/no-such-film", json={"dryrun": True})
    cron = service.http.get("/admin/cron/status")

    assert [answer.status_code for answer in strangers] == [404, 404]
    assert [answer.status_code for answer in guests] == [401, 401]
    assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown_campaign")
    assert (bare.status_code, odd.status_code) == (404, 400)
    assert cron.json()["isAlive"] is True


async def test_killed_again_and_again_it_still_charges_everybody_once(
    environ: dict[str, str], owner: Connection, nats_url: str, stripe: Sandbox
) -> None:
    slug = a_slug()
    cards = [stripe.saved_card() for _ in range(12)]
    stripe.faults(latency_ms=150)
    with running({**environ, "SETTLEMENT_CHARGES_PER_SECOND": "20"}) as service:
        async with speaking(nats_url) as ledger:
            await ledger.say(published(a_definition(slug)), slug)
            await ledger.say(closed(slug, count=12), slug)
            for card in cards:
                await ledger.say(requested(slug, card), slug, times=2)
        for _ in range(4):
            await asyncio.sleep(0.4)
            service.kill()
            await owner.execute("UPDATE charges SET lease_until = clock_timestamp()")
            service.start()
        await _until_decided(owner, 12)
        service.wait(lambda: service.run_of(slug)["status"] == "settled")

    assert stripe.charged(slug) == [AMOUNT] * 12
    assert len(stripe.intents(slug)) == 12
    assert len(await outbox_events(owner, SUCCEEDED)) == 12


async def _until_decided(owner: Connection, count: int, *, seconds: float = 95) -> None:
    """Wait for the charges, letting the time pass that leases and delays would take."""
    limit = time.monotonic() + seconds
    while await owner.fetchval("SELECT count(*) FROM charges WHERE decided_at IS NULL") or (
        await owner.fetchval("SELECT count(*) FROM charges") < count
    ):
        assert time.monotonic() < limit, "not decided in time"
        await owner.execute("UPDATE charges SET due_at = clock_timestamp() WHERE due_at > now()")
        await asyncio.sleep(0.2)


async def test_a_termination_lets_charges_in_flight_end_and_exits_0(
    environ: dict[str, str], owner: Connection, nats_url: str, stripe: Sandbox
) -> None:
    slug = a_slug()
    stripe.faults(latency_ms=700)
    with running(environ) as service:
        async with speaking(nats_url) as ledger:
            await ledger.say(published(a_definition(slug)), slug)
            await ledger.say(closed(slug), slug)
            await ledger.say(requested(slug, stripe.saved_card()), slug)
        limit = time.monotonic() + 20
        while not await owner.fetchval("SELECT count(*) FROM charge_attempts"):
            assert time.monotonic() < limit
            await asyncio.sleep(0.02)

        code = service.stop()

    assert code == 0
    assert await owner.fetchval("SELECT status FROM charges") == "succeeded"
    assert stripe.charged(slug) == [AMOUNT]


@contextlib.asynccontextmanager
async def a_charger(database: Database, nats_url: str, stripe: Sandbox) -> AsyncIterator[None]:
    """Run one more charger, with everything of its own."""
    from services.chassis.process.settings import Secret

    pool = await open_pool(database.url("settlement"), schema="settlement", size_max=4)
    bus = Bus(nats_url, name="settlement", streams=STREAMS, consumers=CONSUMERS)
    budget = unlimited()
    gateway = StripeGateway(Secret("sk_test_sandbox"), stripe.url, budget=budget)
    charger = Charger(pool, bus, gateway, partial(budget.pace, "charges", 100), per_second=100)
    tasks = [asyncio.create_task(bus.run()), asyncio.create_task(charger.run())]
    try:
        yield
    finally:
        await _cancel(tasks)
        await charger.drain()
        await gateway.close()
        await pool.close()


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until they are gone, as the chassis does: the client swallows the first."""
    left: set[asyncio.Task[None]] = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.2)


async def test_every_message_five_times_and_four_chargers_make_one_payment_each(
    database: Database, run: Settlement, nats_url: str, stripe: Sandbox
) -> None:
    charge_ids = await run.ask(*(stripe.saved_card() for _ in range(10)))
    stripe.faults(latency_ms=50)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(a_charger(database, nats_url, stripe))
        ledger = await stack.enter_async_context(speaking(nats_url))
        await declared(nats_url)
        for charge_id in charge_ids:
            await ledger.say(due(charge_id, run.slug), run.slug, times=5)
        limit = time.monotonic() + 30
        while await run.undecided():
            assert time.monotonic() < limit
            await asyncio.sleep(0.1)

    assert await run.statuses() == ["succeeded"] * 10
    assert stripe.charged(run.slug) == [AMOUNT] * 10
    assert {intent["attempts"] for intent in stripe.intents(run.slug)} == {1}
    assert len(stripe.intents(run.slug)) == 10
    assert len(await outbox_events(run.owner, SUCCEEDED)) == 10


async def test_a_message_that_is_no_wake_up_is_parked_and_blocks_nobody(
    database: Database, run: Settlement, nats_url: str, stripe: Sandbox
) -> None:
    import nats

    (charge_id,) = await run.ask(stripe.saved_card())
    async with a_charger(database, nats_url, stripe), speaking(nats_url) as ledger:
        await declared(nats_url)
        client = await nats.connect(nats_url)
        await client.jetstream().publish(f"charges.due.{run.slug}", b"\xff not json")
        await client.close()
        await ledger.say(due(charge_id, run.slug), run.slug)
        limit = time.monotonic() + 20
        while await run.undecided():
            assert time.monotonic() < limit
            await asyncio.sleep(0.1)

    assert await run.owner.fetchval("SELECT count(*) FROM parked_events") == 1
    assert stripe.charged(run.slug) == [AMOUNT]
