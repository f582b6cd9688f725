"""Redis stops answering: a visitor pays a tenth of a second, and soon not even that."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from services.chassis import limiter
from services.chassis.limiter import Limiter
from tests.recovery.stopping import stopped
from tests.support.stack import Servers

PER_MINUTE = 1_000


async def timed(limits: Limiter, key: str) -> float:
    began = time.monotonic()
    assert await limits.spend(key, PER_MINUTE)
    return time.monotonic() - began


@pytest.fixture
async def limits(redis_url: str) -> AsyncIterator[Limiter]:
    made = Limiter(redis_url, prefix="test")
    await made.spend("warm", PER_MINUTE)
    yield made
    await made.close()


async def test_a_hung_redis_costs_its_budget_then_nothing_then_is_asked_again(
    servers: Servers, limits: Limiter
) -> None:
    with stopped(servers.pid("redis")):
        first = [await timed(limits, "k") for _ in range(limiter.FAILURES_TO_OPEN)]
        opened = [await timed(limits, "k") for _ in range(100)]
        assert limits.is_degraded
    await asyncio.sleep(limiter.OPEN_SECONDS)
    await timed(limits, "k")

    assert max(first) < limiter.BUDGET_SECONDS + 0.1
    assert sum(opened) < limiter.BUDGET_SECONDS
    assert not limits.is_degraded


async def test_many_at_once_do_not_queue_behind_a_hung_redis(
    servers: Servers, limits: Limiter
) -> None:
    with stopped(servers.pid("redis")):
        began = time.monotonic()
        took = await asyncio.gather(*(timed(limits, f"k{number}") for number in range(200)))
        elapsed = time.monotonic() - began

    assert max(took) < 0.5
    assert elapsed < 0.5


async def test_limits_hold_in_the_process_while_redis_is_away(
    servers: Servers, limits: Limiter
) -> None:
    with stopped(servers.pid("redis")):
        allowed = [await limits.spend("k", 10) for _ in range(40)]

    assert sum(allowed) == 10
