"""Postgres stops answering without closing a connection: the worst way to be away."""

import asyncio
import time
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from contracts.refusals import Unavailable
from services.chassis.storage.database import DATABASE_BUSY, open_pool, transaction
from tests.recovery.people import until
from tests.recovery.stopping import stopped
from tests.support.platform import Platform
from tests.support.stack import Database, Servers, Stack

SERVICES = ("checkout", "pledges", "settlement", "notify", "site")


async def test_a_command_gives_up_in_its_budget_and_its_connection_is_not_used_again(
    servers: Servers, database: Database
) -> None:
    pool = await open_pool(database.url("site"), schema="site", size_max=4)

    frozen = asyncio.Event()

    async def command() -> None:
        """Be in the middle of it, in a savepoint, when the server stops."""
        async with transaction(pool) as conn, conn.transaction():
            await conn.fetchval("SELECT 1")
            await frozen.wait()
            await conn.fetchval("SELECT count(*) FROM outbox")

    async def late_command() -> None:
        await frozen.wait()
        async with transaction(pool):
            pass

    async def seconds(work: Coroutine[Any, Any, None]) -> float:
        with pytest.raises((*DATABASE_BUSY, Unavailable)):
            await work
        return time.monotonic() - stopped_at

    commands = [asyncio.create_task(seconds(command())) for _ in range(4)]
    commands += [asyncio.create_task(seconds(late_command())) for _ in range(8)]
    await asyncio.sleep(0.5)
    with stopped(servers.pid("postgres")):
        stopped_at = time.monotonic()
        frozen.set()
        took = await asyncio.gather(*commands)
    began = time.monotonic()
    answers = await asyncio.gather(*(pool.fetchval("SELECT 1", timeout=10) for _ in range(12)))

    assert max(took) < 6
    assert answers == [1] * 12
    assert time.monotonic() - began < 10
    await pool.close()


async def test_a_slow_statement_is_ended_by_the_server_and_its_connection_stays(
    database: Database,
) -> None:
    pool = await open_pool(database.url("site"), schema="site", size_max=1)
    before = await pool.fetchval("SELECT pg_backend_pid()")

    with pytest.raises(DATABASE_BUSY):
        await pool.fetchval("SELECT pg_sleep(20)")

    assert await pool.fetchval("SELECT pg_backend_pid()") == before
    await pool.close()


async def test_a_commit_without_an_answer_is_not_called_nothing(
    servers: Servers, database: Database
) -> None:
    pool = await open_pool(database.url("site"), schema="site", size_max=1)

    async def command(until_done: ExitStack) -> None:
        async with transaction(pool) as conn:
            await conn.execute("CREATE TEMPORARY TABLE kept (n int)")
            until_done.enter_context(stopped(servers.pid("postgres")))

    with ExitStack() as frozen, pytest.raises(Unavailable, match="busy") as refused:
        await command(frozen)

    assert "can't tell" in refused.value.message
    await until(lambda: pool.fetchval("SELECT 1"))
    await pool.close()


@pytest.fixture
def platform(stack: Any) -> Iterator[Platform]:
    visitor = Platform(stack)
    yield visitor
    visitor.close()


def test_a_hung_database_costs_commands_and_nothing_else(stack: Any, platform: Platform) -> None:
    slug = platform.publish("still-there")
    pids = {name: stack.pid(name) for name in SERVICES}
    lives = [f"{each['url']}/livez" for each in _running(stack)]
    slowest, refused = 0.0, []
    with stopped(stack.pid("postgres")):
        end = time.monotonic() + 12
        while time.monotonic() < end:
            for url in lives:
                slowest = max(slowest, _seconds(url))
            slowest = max(slowest, _seconds(f"{stack.site}/campaigns/{slug}/"))
            began = time.monotonic()
            answer = platform.start(slug, email="ines@example.org")
            refused.append((answer.status_code, time.monotonic() - began))
    began = time.monotonic()
    while platform.start(slug, email="ines@example.org").status_code != 200:
        assert time.monotonic() - began < 10
        time.sleep(0.2)

    assert slowest < 1
    assert {status for status, _ in refused} == {503}
    assert max(seconds for _, seconds in refused) < 8
    assert {name: stack.pid(name) for name in SERVICES} == pids


def _running(stack: Stack) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = stack.status()["services"]
    return [found[name] for name in SERVICES]


def _seconds(url: str) -> float:
    began = time.monotonic()
    assert httpx.get(url, timeout=5).status_code == 200
    return time.monotonic() - began
