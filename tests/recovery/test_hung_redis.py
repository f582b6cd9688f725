"""Redis stops answering: a visitor pays a tenth of a second, and soon not even that.

That is proved by who asks Redis, how often and how many at once, not by a watch: while it
is stopped, what ends an ask is the limiter's own budget.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from limits import RateLimitItem

from services.chassis.web import breaker, limiter
from services.chassis.web.crowd import IN_FLIGHT_MAX
from services.chassis.web.limiter import Limiter
from tests.recovery.stopping import stopped
from tests.support.stack import Servers

PER_MINUTE = 1_000


class Asked:
    """The shared counts with a count of their own: who asks for them, how many at once."""

    def __init__(self, shared: Any) -> None:
        self._shared = shared
        self.times = 0
        self.inside = 0
        self.most = 0

    async def hit(self, item: RateLimitItem, key: str) -> bool:
        self.times += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            return bool(await self._shared.hit(item, key))
        finally:
            self.inside -= 1


class Clock:
    """The limiter's clock: it stands still until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(breaker, "time", made)
    return made


@pytest.fixture
async def limits(redis_url: str, clock: Clock) -> AsyncIterator[Limiter]:
    made = Limiter(redis_url, prefix="test")
    await made.spend("warm", PER_MINUTE)
    yield made
    await made.close()


@pytest.fixture
def asked(limits: Limiter, monkeypatch: pytest.MonkeyPatch) -> Asked:
    counting = Asked(getattr(limits, "_shared"))  # noqa: B009 - what it asks, nobody else sees
    monkeypatch.setattr(limits, "_shared", counting)
    return counting


async def test_a_hung_redis_costs_its_budget_then_nothing_then_is_asked_again(
    servers: Servers, limits: Limiter, asked: Asked, clock: Clock
) -> None:
    with stopped(servers.pid("redis")):
        first = [await limits.spend("k", PER_MINUTE) for _ in range(breaker.FAILURES_TO_OPEN)]
        assert asked.times == breaker.FAILURES_TO_OPEN
        later = [await limits.spend("k", PER_MINUTE) for _ in range(100)]
        assert asked.times == breaker.FAILURES_TO_OPEN
        assert limits.is_degraded

    # A machine that is busy may need more than one try to answer within the budget.
    for _ in range(100):
        clock.seconds += breaker.OPEN_SECONDS
        again = await limits.spend("k", PER_MINUTE)
        if not limits.is_degraded:
            break

    assert all([*first, *later, again])
    assert asked.times > breaker.FAILURES_TO_OPEN
    assert not limits.is_degraded
    assert limiter.BUDGET_SECONDS <= 0.1


@pytest.fixture
def long_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget in which even a busy machine has everybody asking before the first gives up."""
    monkeypatch.setattr(limiter, "BUDGET_SECONDS", 2.0)


async def test_many_at_once_do_not_queue_behind_a_hung_redis(
    servers: Servers, long_budget: None, limits: Limiter, asked: Asked
) -> None:
    with stopped(servers.pid("redis")):
        allowed = await asyncio.gather(
            *(limits.spend(f"k{number}", PER_MINUTE) for number in range(IN_FLIGHT_MAX))
        )
        before = asked.times
        allowed += await asyncio.gather(
            *(limits.spend(f"k{number}", PER_MINUTE) for number in range(IN_FLIGHT_MAX))
        )

    assert allowed == [True] * 2 * IN_FLIGHT_MAX
    # All wait side by side, so that all together wait for one budget; then nobody asks.
    assert (asked.most, before, asked.times) == (IN_FLIGHT_MAX,) * 3


@pytest.mark.usefixtures("a_minute")
async def test_limits_hold_in_the_process_while_redis_is_away(
    servers: Servers, limits: Limiter
) -> None:
    with stopped(servers.pid("redis")):
        allowed = [await limits.spend("k", 10) for _ in range(40)]

    assert sum(allowed) == 10


@pytest.mark.usefixtures("a_minute")
async def test_what_this_process_let_in_before_still_counts_when_redis_falls_silent(
    servers: Servers, limits: Limiter, long_budget: None
) -> None:
    """One silence, be it of a moment, gives nobody a second allowance."""
    before = [await limits.spend("k", 5) for _ in range(4)]
    with stopped(servers.pid("redis")):
        after = [await limits.spend("k", 5) for _ in range(3)]
        is_spent = await limits.is_spent("k", 5)

    assert (before, after, is_spent) == ([True] * 4, [True, False, False], True)
