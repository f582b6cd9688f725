"""How fast we may talk to Stripe: one budget for the account, whoever is asking.

Stripe limits an account, and each endpoint of it, by requests per second. All processes of
all services book their requests in one schedule in Redis, in one round trip, so that no second
holds more than the limit however many of us there are. People who wait may book further ahead
than background work, which so takes what they leave over. Who is late says so, and those who
book after them keep their distance from when they really began.

Redis is a help, not a condition. Without it each process keeps a schedule of its own at a
fraction of the limit; never is there none.
"""

import asyncio
import contextlib
import math
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from prometheus_client import Counter, Gauge
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from services.chassis.process import telemetry
from services.chassis.stripe.schedule import (
    BOOK,
    MICRO,
    MOVE,
    SLOW_SECONDS,
    InTheWay,
    Limits,
    LocalSchedule,
)
from services.chassis.web.breaker import Breaker

log = telemetry.logger(__name__)

Who = Literal["people", "background"]

PREFIX = "stripe"
"""Of every key here. The accounts of those who talk to Stripe may see them."""

ENDPOINT_PER_SECOND = 25
"""Stripe's limit for one named operation. Source: peers.md 5.2."""

AHEAD_SECONDS: dict[Who, float] = {"people": 0.5, "background": 0.1}
"""How far ahead one may book. Where people queue, everything within 0.5 s is theirs."""

PACE_AHEAD_SECONDS = 0.5
PACE_TOGETHER_SECONDS = 0.2
"""Work's starts are booked some together and well ahead: none goes by in a slow moment."""

LATE_SECONDS = 0.005
"""Who is later than this at its start says so."""

FORGOTTEN_SECONDS = 1.1
"""After that a start has no bearing on any other: nothing is within a second of it."""

REDIS_SECONDS = 0.1
REDIS_SECONDS_BACKGROUND = 0.5
"""How long people, and work that nobody waits for, wait for the schedule."""

CLOCK_READINGS = 32
"""From so many answers we know how far the schedule's clock is from ours: the quickest says."""

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


class Booked(NamedTuple):
    """A start by the schedule's clock and by our own, and in whose schedule it stands."""

    start: float
    due: float
    endpoint: str
    is_local: bool


TURN: ContextVar[Booked | None] = ContextVar("stripe_turn", default=None)
"""The turn that this task took and whose request has not left yet."""


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
        redis_seconds: float | None = None,
    ) -> None:
        assert processes > 0
        self._per_second = per_second
        self._processes = processes
        self._endpoints = endpoints
        self._redis_seconds: dict[Who, float] = {
            "people": redis_seconds or REDIS_SECONDS,
            "background": redis_seconds or REDIS_SECONDS_BACKGROUND,
        }
        self._redis: Any = Redis.from_url(
            redis_url,
            socket_timeout=self._redis_seconds["background"],
            socket_connect_timeout=self._redis_seconds["background"],
            retry=Retry(NoBackoff(), 0),
        )
        self._book = self._redis.register_script(BOOK)
        self._move = self._redis.register_script(MOVE)
        self._local = LocalSchedule()
        # One at a time asks; the others wait in the order they came, in front of the account
        # or in front of their endpoint, so that an endpoint which is busy holds up no other.
        self._lines: defaultdict[Who, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._queues: defaultdict[tuple[str, Who], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._ahead: defaultdict[str, deque[Booked]] = defaultdict(deque)
        self._clocks: deque[float] = deque(maxlen=CLOCK_READINGS)
        self._saying: set[asyncio.Task[None]] = set()
        self._breaker = Breaker()

    @property
    def is_local(self) -> bool:
        """Tell whether Redis is being avoided at the moment."""
        return self._breaker.is_open

    async def close(self) -> None:
        """Give the connections back."""
        await asyncio.gather(*self._saying)
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
                booked = await self._turn(endpoint, who, limits)
                await asyncio.sleep(booked.due - time.monotonic())
        except TimeoutError as exc:
            REQUESTS.labels(who, "given_up").inc()
            raise BudgetSpent(endpoint) from exc
        REQUESTS.labels(who, "sent").inc()
        TURN.set(booked)
        return booked.start

    def leaving(self) -> None:
        """Note that the request whose turn this task took leaves only now."""
        booked = TURN.get()
        if booked is not None:
            TURN.set(None)
            self._note_if_late(booked)

    async def pace(self, work: str, per_second: int) -> float:
        """Wait, however long, until one more of `work` may begin; return its start.

        Work that takes several requests is begun at the pace at which it can be done: what
        is not begun holds nothing while it waits, and its requests find their turns free.
        """
        ahead = self._ahead[work]
        async with self._queues[work, "background"]:
            while ahead and time.monotonic() - ahead[0].due > FORGOTTEN_SECONDS:
                ahead.popleft()
            if not ahead:
                ahead.extend(await self._some(work, Limits(0, per_second)))
            booked = ahead.popleft()
        await asyncio.sleep(booked.due - time.monotonic())
        self._note_if_late(booked)
        return booked.start

    async def slow_down(self) -> None:
        """Halve everybody's pace for a minute: Stripe said that we are too fast."""
        log.warning("stripe_too_fast")
        self._local.slow_down(time.monotonic())
        if not self.is_local:
            try:
                async with asyncio.timeout(self._redis_seconds["background"]):
                    await self._redis.set(f"{PREFIX}:slow", 1, px=round(SLOW_SECONDS * 1_000))
            except Exception:
                # Whoever is told next by Stripe tries again.
                self._failed()

    async def _turn(self, endpoint: str, who: Who, limits: Limits) -> Booked:
        async with self._queues[endpoint, who]:
            while True:
                asked = await self._stand_in_line(endpoint, who, limits)
                if isinstance(asked, list):
                    return asked[0]
                await asyncio.sleep(asked.wait_seconds)

    async def _stand_in_line(
        self, endpoint: str, who: Who, limits: Limits
    ) -> list[Booked] | InTheWay:
        async with self._lines[who]:
            while True:
                asked = await self._ask(endpoint, who, limits, AHEAD_SECONDS[who])
                if isinstance(asked, list) or asked.what != "account":
                    return asked
                await asyncio.sleep(asked.wait_seconds)

    async def _some(self, work: str, limits: Limits) -> list[Booked]:
        """Book the next starts of work, as many together as are soon."""
        count = math.ceil(limits.endpoint * PACE_TOGETHER_SECONDS)
        while True:
            asked = await self._ask(work, "background", limits, PACE_AHEAD_SECONDS, count)
            if isinstance(asked, list):
                return asked
            await asyncio.sleep(asked.wait_seconds)

    async def _ask(
        self, endpoint: str, who: Who, limits: Limits, ahead_seconds: float, count: int = 1
    ) -> list[Booked] | InTheWay:
        if not self.is_local:
            try:
                async with asyncio.timeout(self._redis_seconds[who]):
                    answer, *values = await self._book(
                        keys=[f"{PREFIX}:account", _key(endpoint), f"{PREFIX}:slow"],
                        args=[
                            limits.account_micros,
                            limits.endpoint,
                            round(ahead_seconds * MICRO),
                            count,
                        ],
                    )
                self._breaker.worked()
                IS_LOCAL.set(0)
                first, *more = (int(value) / MICRO for value in values)
                if answer != b"booked":
                    return InTheWay(answer.decode(), first)
                self._clocks.append(time.monotonic() - first)
                ours = min(self._clocks)
                booked = [Booked(start, start + ours, endpoint, is_local=False) for start in more]
                # Redis may be gone at the next start: it must not come on top of these.
                for each in booked:
                    self._local.note(endpoint, each.due)
                return booked
            except Exception:
                # Whatever a cache does wrong, we go on by ourselves, slower.
                self._failed()
        share = limits.of_one_among(self._processes)
        asked = self._local.book(endpoint, share, time.monotonic(), ahead_seconds)
        if isinstance(asked, InTheWay):
            return asked
        return [Booked(asked, asked, endpoint, is_local=True)]

    def _note_if_late(self, booked: Booked) -> None:
        """Move a start that was booked to when it really was."""
        late = time.monotonic() - booked.due
        if late < LATE_SECONDS:
            return
        if booked.is_local:
            self._local.move(booked.endpoint, booked.start, booked.start + late)
            return
        # Not waited for: that would make us later still.
        saying = asyncio.create_task(self._say_late(booked, booked.start + late))
        self._saying.add(saying)
        saying.add_done_callback(self._saying.discard)

    async def _say_late(self, booked: Booked, actual: float) -> None:
        # Who books meanwhile keeps the distance that was planned.
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(self._redis_seconds["background"]):
                await self._move(
                    keys=[_key(booked.endpoint)],
                    args=[f"{booked.start * MICRO:.0f}", f"{actual * MICRO:.0f}"],
                )

    def _failed(self) -> None:
        IS_LOCAL.set(1)
        self._breaker.failed()


def _key(endpoint: str) -> str:
    return f"{PREFIX}:starts:{endpoint}"
