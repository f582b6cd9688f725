"""How fast we may talk to Stripe: one budget for the account, whoever is asking.

Stripe limits an account, and each endpoint of it, by requests per second. All processes of
all services book their requests in one schedule in Redis, in one round trip: evenly spaced
starts, so that no second holds more than the limit however many of us there are. People who
wait may book further ahead than background work, which so takes what they leave over.

Redis is a help, not a condition. Without it each process keeps a schedule of its own at a
fraction of the limit; never is there none.
"""

import asyncio
import math
import time
from collections import defaultdict
from typing import Any, Literal, NamedTuple

from prometheus_client import Counter, Gauge
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from services.chassis import telemetry

log = telemetry.logger(__name__)

Who = Literal["people", "background"]

PREFIX = "stripe"
"""Of every key here. The accounts of those who talk to Stripe may see them."""

ENDPOINT_PER_SECOND = 25
"""Stripe's limit for one named operation. Source: peers.md 5.2."""

AIM = 0.97
"""The part of a limit we use: what is sent evenly arrives a little less evenly."""

AHEAD_SECONDS: dict[Who, float] = {"people": 0.5, "background": 0.1}
"""How far ahead one may book. Where people queue, everything within 0.5 s is theirs."""

SLOW_SECONDS = 60.0
SLOW_FACTOR = 2
REDIS_SECONDS = 0.1
FAILURES_TO_OPEN = 5
OPEN_SECONDS = 2.0
# A booking may leave so small a part of an interval unused before it.
HOLE = 4
MICRO = 1_000_000
# A time further ahead than this is no booking of ours: the value is not believed.
AHEAD_MAX_SECONDS = 5

BOOK = f"""
local time = redis.call('TIME')
local now = time[1] * {MICRO} + time[2]
local slower = redis.call('EXISTS', KEYS[3]) == 1 and {SLOW_FACTOR} or 1
local free = {{}}
for i = 1, 2 do
    free[i] = tonumber(redis.call('GET', KEYS[i]) or '0') or 0
    if not (free[i] - now < {AHEAD_MAX_SECONDS * MICRO}) then free[i] = 0 end
end
local next = math.max(now, free[1])
local start = math.max(next, free[2])
local early = next - now - ARGV[3]
if early > 0 then return {{'account', early, 0}} end
early = math.max(start - now - ARGV[3], start - next - ARGV[1] / {HOLE})
if early > 0 then return {{'endpoint', early, 0}} end
for i = 1, 2 do
    local next_free = string.format('%.0f', start + ARGV[i] * slower)
    redis.call('SET', KEYS[i], next_free, 'PX', {AHEAD_MAX_SECONDS * 1_000})
end
return {{'booked', start - now, start}}
"""
"""Keys: the account's next free start, the endpoint's, and the mark that we were too fast.
Arguments: the two intervals, and how far ahead may be booked; all in microseconds.

An endpoint that is ahead of the account waits until the account is nearly there: a booking
before that would leave starts between them that no other endpoint could have any more."""

REQUESTS = Counter(
    "stripe_budget_requests",
    "Requests to Stripe by who asked and what became of it: sent, given_up.",
    ("who", "outcome"),
    registry=telemetry.REGISTRY,
)
IS_LOCAL = Gauge(
    "stripe_budget_is_local",
    "1 while Redis is away and this process goes by its own share of Stripe's limit.",
    registry=telemetry.REGISTRY,
)


class Asked(NamedTuple):
    """A start that was booked and how far it is, or what is in the way and for how long."""

    answer: str
    wait_seconds: float
    start: float = 0.0


class BudgetSpent(Exception):
    """Our turn did not come in time. Nothing was sent."""


class StripeBudget:
    """The account's budget, as one process sees it. `per_second` 0: no limit at all."""

    def __init__(
        self,
        redis_url: str,
        *,
        per_second: int,
        processes: int = 1,
        redis_seconds: float = REDIS_SECONDS,
    ) -> None:
        assert processes > 0
        self._per_second = per_second
        self._redis_seconds = redis_seconds
        self._redis: Any = Redis.from_url(
            redis_url,
            socket_timeout=redis_seconds,
            socket_connect_timeout=redis_seconds,
            retry=Retry(NoBackoff(), 0),
        )
        self._book = self._redis.register_script(BOOK)
        share = max(1, per_second // processes)
        self._local = LocalSchedule(share, max(1, min(share, ENDPOINT_PER_SECOND // processes)))
        # One at a time asks; the others wait in the order they came, in front of the account
        # or in front of their endpoint, so that an endpoint which is busy holds up no other.
        self._lines: defaultdict[Who, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._queues: defaultdict[tuple[str, Who], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._failures = 0
        self._open_until = 0.0

    @property
    def is_local(self) -> bool:
        """Tell whether Redis is being avoided at the moment."""
        return time.monotonic() < self._open_until

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    async def turn(self, endpoint: str, who: Who, *, within_seconds: float) -> float:
        """Wait until a request to `endpoint` may be sent; return its start.

        The start is the second on the clock of whoever keeps the schedule. Raises
        `BudgetSpent` when our turn does not come in time.
        """
        if not self._per_second:
            return 0.0
        try:
            async with asyncio.timeout(within_seconds):
                start = await self._turn(endpoint, who)
        except TimeoutError as exc:
            REQUESTS.labels(who, "given_up").inc()
            raise BudgetSpent(endpoint) from exc
        REQUESTS.labels(who, "sent").inc()
        return start

    async def slow_down(self) -> None:
        """Halve everybody's pace for a minute: Stripe said that we are too fast."""
        log.warning("stripe_too_fast")
        self._local.slow_down(time.monotonic())
        if self._per_second and not self.is_local:
            try:
                async with asyncio.timeout(self._redis_seconds):
                    await self._redis.set(f"{PREFIX}:slow", 1, px=round(SLOW_SECONDS * 1_000))
            except Exception:
                # Whoever is told next by Stripe tries again.
                self._failed()

    async def _turn(self, endpoint: str, who: Who) -> float:
        async with self._queues[endpoint, who]:
            while True:
                asked = await self._stand_in_line(endpoint, who)
                if asked.answer == "booked":
                    break
                await asyncio.sleep(asked.wait_seconds)
        await asyncio.sleep(asked.wait_seconds)
        return asked.start

    async def _stand_in_line(self, endpoint: str, who: Who) -> Asked:
        async with self._lines[who]:
            while True:
                asked = await self._ask(endpoint, AHEAD_SECONDS[who])
                if asked.answer != "account":
                    return asked
                await asyncio.sleep(asked.wait_seconds)

    async def _ask(self, endpoint: str, ahead_seconds: float) -> Asked:
        if not self.is_local:
            try:
                async with asyncio.timeout(self._redis_seconds):
                    booked = await self._book(
                        keys=[f"{PREFIX}:account", f"{PREFIX}:at:{endpoint}", f"{PREFIX}:slow"],
                        args=[
                            interval_micros(self._per_second),
                            interval_micros(min(self._per_second, ENDPOINT_PER_SECOND)),
                            round(ahead_seconds * MICRO),
                        ],
                    )
                self._failures = 0
                IS_LOCAL.set(0)
                return Asked(booked[0].decode(), booked[1] / MICRO, booked[2] / MICRO)
            except Exception:
                # Whatever a cache does wrong, we go on by ourselves, slower.
                self._failed()
        return self._local.book(endpoint, time.monotonic(), ahead_seconds)

    def _failed(self) -> None:
        IS_LOCAL.set(1)
        self._failures += 1
        if self._failures >= FAILURES_TO_OPEN:
            self._open_until = time.monotonic() + OPEN_SECONDS


class LocalSchedule:
    """The same schedule for one process alone, by its own clock."""

    def __init__(self, per_second: int, endpoint_per_second: int) -> None:
        self._interval = interval_micros(per_second) / MICRO
        self._endpoint_interval = interval_micros(endpoint_per_second) / MICRO
        self._account_free = 0.0
        self._endpoints_free: defaultdict[str, float] = defaultdict(float)
        self._slow_until = 0.0

    def book(self, endpoint: str, now: float, ahead_seconds: float) -> Asked:
        """Book a start, or say what is in the way."""
        next_start = max(now, self._account_free)
        start = max(next_start, self._endpoints_free[endpoint])
        if (early := next_start - now - ahead_seconds) > 0:
            return Asked("account", early)
        if (
            early := max(start - now - ahead_seconds, start - next_start - self._interval / HOLE)
        ) > 0:
            return Asked("endpoint", early)
        slower = SLOW_FACTOR if now < self._slow_until else 1
        self._account_free = start + self._interval * slower
        self._endpoints_free[endpoint] = start + self._endpoint_interval * slower
        return Asked("booked", start - now, start)

    def slow_down(self, now: float) -> None:
        """Halve the pace for a minute."""
        self._slow_until = now + SLOW_SECONDS


def interval_micros(per_second: int) -> int:
    """Return the microseconds between two starts, so that no second holds too many.

    >>> interval_micros(20)
    51547
    """
    return math.ceil(MICRO / (max(1, per_second) * AIM))
