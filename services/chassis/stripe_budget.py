"""How fast we may talk to Stripe: one budget for the account, whoever is asking.

Stripe limits an account, and each endpoint of it, by requests per second. All processes of
all services book their requests in one schedule in Redis, in one round trip: evenly spaced
starts, so that no second holds more than the limit however many of us there are. People who
wait may book further ahead than background work, which so takes what they leave over.

Redis is a help, not a condition. Without it each process keeps a schedule of its own at a
fraction of the limit; never is there none.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from prometheus_client import Counter, Gauge
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from services.chassis import telemetry
from services.chassis.stripe_schedule import (
    BOOK,
    MICRO,
    SLOW_SECONDS,
    Asked,
    Limits,
    LocalSchedule,
)

log = telemetry.logger(__name__)

Who = Literal["people", "background"]

PREFIX = "stripe"
"""Of every key here. The accounts of those who talk to Stripe may see them."""

ENDPOINT_PER_SECOND = 25
"""Stripe's limit for one named operation. Source: peers.md 5.2."""

AHEAD_SECONDS: dict[Who, float] = {"people": 0.5, "background": 0.1}
"""How far ahead one may book. Where people queue, everything within 0.5 s is theirs."""

REDIS_SECONDS = 0.1
FAILURES_TO_OPEN = 5
OPEN_SECONDS = 2.0
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


class BudgetSpent(Exception):
    """Our turn did not come in time. Nothing was sent."""


class StripeBudget:
    """The account's budget, as one process sees it. `per_second` 0: requests have no limit.

    `endpoints` names those of which Stripe allows this account more than of the others.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        per_second: int,
        processes: int = 1,
        endpoints: Mapping[str, int] = MappingProxyType({}),
        redis_seconds: float = REDIS_SECONDS,
    ) -> None:
        assert processes > 0
        self._per_second = per_second
        self._processes = processes
        self._endpoints = endpoints
        self._redis_seconds = redis_seconds
        self._redis: Any = Redis.from_url(
            redis_url,
            socket_timeout=redis_seconds,
            socket_connect_timeout=redis_seconds,
            retry=Retry(NoBackoff(), 0),
        )
        self._book = self._redis.register_script(BOOK)
        self._local = LocalSchedule()
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
        allowed = self._endpoints.get(endpoint, ENDPOINT_PER_SECOND)
        limits = Limits(self._per_second, min(self._per_second, allowed))
        try:
            async with asyncio.timeout(within_seconds):
                start = await self._turn(endpoint, who, limits)
        except TimeoutError as exc:
            REQUESTS.labels(who, "given_up").inc()
            raise BudgetSpent(endpoint) from exc
        REQUESTS.labels(who, "sent").inc()
        return start

    async def pace(self, work: str, per_second: int) -> float:
        """Wait, however long, until one more of `work` may begin; return its start.

        Work that takes several requests is begun at the pace at which it can be done: what
        is not begun holds nothing while it waits, and its requests find their turns free.
        """
        return await self._turn(work, "background", Limits(0, per_second))

    async def slow_down(self) -> None:
        """Halve everybody's pace for a minute: Stripe said that we are too fast."""
        log.warning("stripe_too_fast")
        self._local.slow_down(time.monotonic())
        if not self.is_local:
            try:
                async with asyncio.timeout(self._redis_seconds):
                    await self._redis.set(f"{PREFIX}:slow", 1, px=round(SLOW_SECONDS * 1_000))
            except Exception:
                # Whoever is told next by Stripe tries again.
                self._failed()

    async def _turn(self, endpoint: str, who: Who, limits: Limits) -> float:
        async with self._queues[endpoint, who]:
            while True:
                asked = await self._stand_in_line(endpoint, who, limits)
                if asked.answer == "booked":
                    break
                await asyncio.sleep(asked.wait_seconds)
        await asyncio.sleep(asked.wait_seconds)
        return asked.start

    async def _stand_in_line(self, endpoint: str, who: Who, limits: Limits) -> Asked:
        # Who does not ask the account stands in nobody's way.
        line = self._lines[who] if limits.account else contextlib.nullcontext()
        async with line:
            while True:
                asked = await self._ask(endpoint, AHEAD_SECONDS[who], limits)
                if asked.answer != "account":
                    return asked
                await asyncio.sleep(asked.wait_seconds)

    async def _ask(self, endpoint: str, ahead_seconds: float, limits: Limits) -> Asked:
        if not self.is_local:
            try:
                async with asyncio.timeout(self._redis_seconds):
                    booked = await self._book(
                        keys=[f"{PREFIX}:account", f"{PREFIX}:at:{endpoint}", f"{PREFIX}:slow"],
                        args=[*limits.intervals(), round(ahead_seconds * MICRO)],
                    )
                self._failures = 0
                IS_LOCAL.set(0)
                return Asked(booked[0].decode(), booked[1] / MICRO, booked[2] / MICRO)
            except Exception:
                # Whatever a cache does wrong, we go on by ourselves, slower.
                self._failed()
        share = limits.of_one_among(self._processes)
        return self._local.book(endpoint, share, time.monotonic(), ahead_seconds)

    def _failed(self) -> None:
        IS_LOCAL.set(1)
        self._failures += 1
        if self._failures >= FAILURES_TO_OPEN:
            self._open_until = time.monotonic() + OPEN_SECONDS
