"""The newest snapshots in Redis, for other readers. It may be away as long as it likes."""

import asyncio
import contextlib

from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts.ids import CampaignSlug
from services.chassis.storage.clock import PlatformClock
from services.chassis.web.breaker import Breaker
from services.site.live.snapshots import Board

BUDGET_SECONDS = 0.1
GATHER_SECONDS = 0.1
KEEP_SECONDS = 86_400


class Mirror:
    """Writes what the board shows, one campaign at a time, within 100 ms or not at all."""

    def __init__(self, url: str, board: Board, clock: PlatformClock) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=BUDGET_SECONDS, socket_connect_timeout=BUDGET_SECONDS, retry=None
        )
        self._board = board
        self._clock = clock
        self._waiting: set[CampaignSlug] = set()
        self._news = asyncio.Event()
        self._breaker = Breaker()

    @property
    def is_degraded(self) -> bool:
        """Tell whether Redis is being avoided at the moment."""
        return self._breaker.is_open

    def heard(self, slug: CampaignSlug | None) -> None:
        """Note that a snapshot changed."""
        if slug is not None:
            self._waiting.add(slug)
            self._news.set()

    async def run(self) -> None:
        """Write what changed, for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            await asyncio.sleep(GATHER_SECONDS)
            while self._waiting:
                await self._put(self._waiting.pop())

    async def _put(self, slug: CampaignSlug) -> None:
        shown = self._board.get(slug)
        if shown is None or self.is_degraded:
            return
        try:
            async with asyncio.timeout(BUDGET_SECONDS):
                body = shown.at(self._clock.now())
                await self._redis.set(f"site:live:{slug}", body, ex=KEEP_SECONDS)
            self._breaker.worked()
        except (RedisError, OSError, TimeoutError):
            self._breaker.failed()

    async def close(self) -> None:
        """Give the connection back."""
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()
