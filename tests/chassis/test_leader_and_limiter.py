"""One leader per job; limits that cost nobody their page."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial

import pytest

from services.chassis.storage.database import Connection, Pool
from services.chassis.storage.leader import leading, tick_as_leader
from services.chassis.web.limiter import Limiter
from tests.chassis.conftest import ToyDatabase

JOB = "toy:job"


async def test_of_many_one_leads_and_another_takes_over(pool: Pool) -> None:
    inside, most, rounds = 0, 0, 0

    async def lead() -> None:
        nonlocal inside, most, rounds
        async with leading(pool, JOB):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.05)
            inside -= 1
            rounds += 1

    async with asyncio.timeout(20):
        await asyncio.gather(*(lead() for _ in range(4)))

    assert (most, rounds) == (1, 4)


async def test_different_jobs_have_leaders_of_their_own(pool: Pool) -> None:
    async with asyncio.timeout(5), leading(pool, "toy:one") as one, leading(pool, "toy:two") as two:
        sessions = {await each.fetchval("SELECT pg_backend_pid()") for each in (one, two)}

    assert len(sessions) == 2


async def test_a_leader_whose_connection_dies_leads_no_more(
    pool: Pool, owner: Connection, toy_database: ToyDatabase
) -> None:
    turns: list[str] = []

    async def tick(name: str) -> None:
        turns.append(name)

    loops = [
        asyncio.create_task(tick_as_leader(pool, JOB, partial(tick, name), every_seconds=0.05))
        for name in ("first", "second")
    ]
    await _until(lambda: len(turns) > 2)
    before = set(turns)
    await owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    )
    turns.clear()
    await _until(lambda: len(turns) > 2)
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)

    assert len(before) == 1


async def test_a_round_that_fails_is_followed_by_the_next(pool: Pool) -> None:
    rounds = 0

    async def tick() -> None:
        nonlocal rounds
        rounds += 1
        raise ValueError("this round")

    loop = asyncio.create_task(tick_as_leader(pool, JOB, tick, every_seconds=0.02))
    await _until(lambda: rounds >= 3)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)

    assert rounds >= 3


async def test_while_a_restored_platform_waits_only_readers_go_round(
    pool: Pool, owner: Connection
) -> None:
    turns: list[str] = []

    async def tick(name: str) -> None:
        turns.append(name)

    await owner.execute("INSERT INTO platform.recovery (backed_up_at) VALUES (now())")
    loops = [
        asyncio.create_task(
            tick_as_leader(
                pool,
                f"toy:{name}",
                partial(tick, name),
                every_seconds=0.02,
                in_recovery=name == "reads",
            )
        )
        for name in ("reads", "acts")
    ]
    await _until(lambda: turns.count("reads") > 20)
    waited = "acts" not in turns
    await owner.execute("SELECT platform.end_recovery('zoe')")
    await _until(lambda: "acts" in turns)
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)

    assert waited


async def _until(holds: object, *, seconds: float = 15) -> None:
    assert callable(holds)
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, "not in time"
        await asyncio.sleep(0.01)


@pytest.mark.usefixtures("a_minute")
async def test_a_limit_counts_by_key_and_is_shared_by_processes(redis_url: str) -> None:
    one, two = Limiter(redis_url, prefix="toy"), Limiter(redis_url, prefix="toy")

    allowed = [await (one if turn % 2 else two).spend("visitor", 5) for turn in range(8)]
    other = await one.spend("somebody else", 5)
    spent = await two.is_spent("visitor", 5)

    assert allowed == [True] * 5 + [False] * 3
    assert (other, spent) == (True, True)
    await one.close()
    await two.close()


@pytest.mark.usefixtures("a_minute")
async def test_a_scale_multiplies_every_limit(redis_url: str) -> None:
    limiter = Limiter(redis_url, prefix="toy", scale=2)

    allowed = [await limiter.spend("visitor", 2) for _ in range(6)]

    assert allowed == [True] * 4 + [False] * 2
    await limiter.close()


@pytest.fixture
async def hung() -> AsyncIterator[str]:
    """A Redis that takes connections and never says a word."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1_024):
            pass
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    server.close()


@pytest.mark.usefixtures("a_minute")
async def test_a_hung_redis_costs_a_tenth_of_a_second_and_then_nothing(hung: str) -> None:
    limiter = Limiter(hung, prefix="toy")
    spent: list[float] = []
    allowed: list[bool] = []
    for _ in range(12):
        started = time.monotonic()
        allowed.append(await limiter.spend("visitor", 8))
        spent.append(time.monotonic() - started)

    assert max(spent) < 0.25, "100 ms and what a busy machine adds"
    assert max(spent[6:]) < 0.02, "after five failures it is not asked for a while"
    assert allowed == [True] * 8 + [False] * 4, "counted in this process instead"
    assert limiter.is_degraded
    await limiter.close()


@pytest.mark.usefixtures("a_minute")
async def test_a_redis_that_is_not_there_is_no_different() -> None:
    limiter = Limiter("redis://127.0.0.1:9/0", prefix="toy")

    allowed = [await limiter.spend("visitor", 3) for _ in range(5)]

    assert allowed == [True] * 3 + [False] * 2
    await limiter.close()
