"""The outbox: an event exists if and only if its fact committed, and none is lost or swapped."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import nats
import pytest

from contracts.streams import CONSUMERS, STREAMS
from deploy.chaos.proxy import Faults, Proxy
from services.chassis.events.bus import MESSAGE_BYTES_MAX, Bus
from services.chassis.events.outbox import IN_FLIGHT, Relay, is_flushed
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection, Pool, transaction
from services.chassis.storage.leader import leading
from tests.chassis.toy import announce

STREAM = "SETTLEMENT"


@contextlib.asynccontextmanager
async def relaying(pool: Pool, nats_url: str, *, relays: int = 1) -> AsyncIterator[Bus]:
    """Run a bus and so many relays of the same service for a while."""
    bus = Bus(nats_url, name="toy", streams=STREAMS, consumers=CONSUMERS)
    loops = [bus.run(), *(Relay(pool, bus, schema="toy").run() for _ in range(relays))]
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield bus
    finally:
        left = set(tasks)
        while left:
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=0.2)


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < limit, "not in time"
        await asyncio.sleep(0.02)


async def unpublished(owner: Connection) -> int:
    return int(await owner.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL"))


async def all_published(owner: Connection) -> None:
    async def none_left() -> bool:
        return await unpublished(owner) == 0

    await until(none_left)


async def messages(nats_url: str, count: int) -> list[tuple[str, str, int]]:
    """Return what the stream holds: message id, aggregate, version."""
    client = await nats.connect(nats_url)
    context = client.jetstream()
    found = []
    held = (await context.stream_info(STREAM)).state
    assert held.messages == count
    first = held.first_seq
    for sequence in range(first, first + count):
        message = await context.get_msg(STREAM, sequence)
        headers = message.headers or {}
        found.append(
            (
                headers["Nats-Msg-Id"],
                headers["Pool-Aggregate"],
                int(headers["Pool-Aggregate-Version"]),
            )
        )
    await client.close()
    return found


async def test_what_is_rolled_back_was_never_said(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with transaction(pool) as conn:
            await announce(conn, "never", 1)
            raise ZeroDivisionError
    async with transaction(pool) as conn:
        said = await announce(conn, "once", 1)

    async with relaying(pool, nats_url):
        await all_published(owner)

    assert await messages(nats_url, 1) == [(said, "once", 1)]


async def test_an_event_needs_the_transaction_of_its_fact(pool: Pool) -> None:
    async with pool.acquire() as conn:
        with pytest.raises(AssertionError, match="transaction"):
            await announce(conn, "alone", 1)


async def test_order_holds_within_an_aggregate_when_commits_cross(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    """Writers hold their transactions open for different times, so ids and commits cross."""
    await owner.execute("GRANT UPDATE ON heard TO pool_toy")
    await owner.execute(
        "INSERT INTO heard (event_id, what, heard_at) "
        "SELECT '0', 'aggregate' || number, now() FROM generate_series(0, 4) AS number"
    )

    async def change(number: int) -> None:
        aggregate = f"aggregate{number % 5}"
        async with transaction(pool) as conn:
            version = await conn.fetchval(
                "UPDATE heard SET event_id = (event_id::int + 1)::text WHERE what = $1 "
                "RETURNING event_id::int",
                aggregate,
            )
            await announce(conn, aggregate, version)
            await asyncio.sleep((number * 7 % 5) / 1_000)

    async with relaying(pool, nats_url, relays=3):
        slots = asyncio.Semaphore(8)

        async def slowly(number: int) -> None:
            async with slots:
                await change(number)

        await asyncio.gather(*(slowly(number) for number in range(300)))
        await all_published(owner)

    heard = await messages(nats_url, 300)
    for number in range(5):
        versions = [version for _, aggregate, version in heard if aggregate[-1] == str(number)]
        assert versions == list(range(1, 61))


async def test_while_the_bus_is_away_events_wait_and_none_is_lost(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    parts = urlsplit(nats_url)
    assert parts.hostname is not None
    assert parts.port is not None
    target = (parts.hostname, parts.port)
    async with Proxy(lambda: target).running() as proxy:
        address = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{proxy.port}"
        async with relaying(pool, parts._replace(netloc=address).geturl()) as bus:
            await bus.ready()
            proxy.faults = Faults(refuses=True)
            proxy.cut()
            ids = []
            for version in range(20):
                async with transaction(pool) as conn:
                    ids.append(await announce(conn, "patient", version))
            await asyncio.sleep(0.5)
            waiting = await unpublished(owner)
            proxy.heal()
            await all_published(owner)

    heard = await messages(nats_url, 20)
    assert waiting == 20
    assert [event_id for event_id, _, _ in heard] == ids


async def test_an_ack_that_is_lost_makes_no_second_message(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    parts = urlsplit(nats_url)
    assert parts.hostname is not None
    assert parts.port is not None
    target = (parts.hostname, parts.port)
    async with Proxy(lambda: target).running() as proxy:
        address = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{proxy.port}"
        async with relaying(pool, parts._replace(netloc=address).geturl()) as bus:
            await bus.ready()
            proxy.faults = Faults(blackhole="to_client")
            async with transaction(pool) as conn:
                said = await announce(conn, "unheard", 1)
            await asyncio.sleep(2.5)
            proxy.cut()
            proxy.heal()
            await all_published(owner)

    assert await messages(nats_url, 1) == [(said, "unheard", 1)]


async def test_an_event_the_bus_will_never_take_holds_up_no_other(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    """Written first, so it stands before all others; and 64 of them would be a whole round."""
    for number in range(IN_FLIGHT):
        async with transaction(pool) as conn:
            await announce(conn, f"large{number}", 1)
    await owner.execute(
        "UPDATE outbox SET payload = convert_to(repeat('x', $1), 'UTF8')", MESSAGE_BYTES_MAX + 1
    )
    async with transaction(pool) as conn:
        said = await announce(conn, "small", 1)

    async with relaying(pool, nats_url) as bus:

        async def only_they_are_left() -> bool:
            return await unpublished(owner) == IN_FLIGHT

        await until(only_they_are_left)
        assert await is_flushed(pool, bus, within_seconds=2)
        await asyncio.sleep(0.5)

    assert await messages(nats_url, 1) == [(said, "small", 1)]
    assert telemetry.REGISTRY.get_sample_value("outbox_too_large") == IN_FLIGHT


def figure(name: str) -> float | None:
    return telemetry.REGISTRY.get_sample_value(name)


async def test_while_the_bus_is_away_the_age_of_the_oldest_event_is_said_and_grows(
    pool: Pool, owner: Connection
) -> None:
    async with transaction(pool) as conn:
        await announce(conn, "waits", 1)
    await owner.execute("UPDATE outbox SET queued_at = queued_at - interval '2 minutes'")

    async def is_said() -> bool:
        return (figure("outbox_oldest_seconds") or 0) >= 120

    async with relaying(pool, "nats://127.0.0.1:1"):
        await until(is_said)


async def test_a_relay_that_leads_no_more_takes_back_what_it_said(
    pool: Pool, nats_url: str
) -> None:
    telemetry.OUTBOX_OLDEST.set(70)
    telemetry.OUTBOX_TOO_LARGE.set(1)

    async def is_taken_back() -> bool:
        return (figure("outbox_oldest_seconds"), figure("outbox_too_large")) == (0, 0)

    async with leading(pool, "outbox:toy"), relaying(pool, nats_url):
        await until(is_taken_back)
