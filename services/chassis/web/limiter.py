"""Limits on people's routes: shared through Redis, and by process when Redis is away.

`limits` does the counting; this adds the two things it lacks for us: a budget of 100 ms
with a circuit breaker, so that a hung Redis costs nobody their page, and the rule that
failures are limited per address while successes are not.
"""

import asyncio
from typing import Any

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from services.chassis.web.breaker import Breaker

BUDGET_SECONDS = 0.1


class Limiter:
    """Counts by key and minute. Never raises, never waits longer than its budget."""

    def __init__(self, redis_url: str, *, prefix: str, scale: float = 1.0) -> None:
        """Keep counts under keys that begin with `prefix`: the account may see no others."""
        storage = RedisStorage(
            f"async+{redis_url}",
            implementation="redispy",
            key_prefix=prefix,
            socket_timeout=BUDGET_SECONDS,
            socket_connect_timeout=BUDGET_SECONDS,
        )
        # Its own type names no client; this is the one that `redispy` uses.
        self._redis: Any = getattr(storage.bridge, "storage")  # noqa: B009
        self._shared = SlidingWindowCounterRateLimiter(storage)
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._scale = scale
        self._breaker = Breaker()

    @property
    def is_degraded(self) -> bool:
        """Tell whether Redis is being avoided at the moment."""
        return self._breaker.is_open

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    async def is_spent(self, key: str, per_minute: int) -> bool:
        """Tell whether `key` has used up its minute."""
        return not await self._ask("test", key, per_minute)

    async def spend(self, key: str, per_minute: int) -> bool:
        """Count one; tell whether it was still within the limit."""
        return await self._ask("hit", key, per_minute)

    async def _ask(self, verb: str, key: str, per_minute: int) -> bool:
        item = RateLimitItemPerMinute(max(1, round(per_minute * self._scale)))
        # Here everything is counted, too: a Redis that falls silent for a moment must not
        # give anybody a second allowance.
        is_within = bool(await getattr(self._local, verb)(item, key))
        if not self.is_degraded:
            try:
                async with asyncio.timeout(BUDGET_SECONDS):
                    allowed = bool(await getattr(self._shared, verb)(item, key))
                self._breaker.worked()
                return allowed
            except Exception:
                # Whatever a cache does wrong, it must not become the visitor's problem.
                self._breaker.failed()
        return is_within
