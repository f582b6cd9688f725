"""Telling every site process what changed, after it was committed.

Handlers only note a slug inside their transaction. Shortly afterwards the committed row is
read and broadcast, one message for however many changes there were in between. Nothing
depends on it: a lost broadcast is made good by each process's own question to Postgres.
"""

import asyncio

import msgspec

from contracts.subjects import SNAPSHOT_CHANGED
from services.chassis.events.bus import Bus
from services.chassis.process import telemetry
from services.chassis.storage.database import DATABASE_BUSY, Pool
from services.site import domain, queries

log = telemetry.logger(__name__)

GATHER_SECONDS = 0.05
ROUNDS = 20
"""How often a noted campaign is looked at: its transaction commits within a second."""


class Announcer:
    """Broadcasts the campaigns whose figures changed."""

    def __init__(self, pool: Pool, bus: Bus) -> None:
        self._pool = pool
        self._bus = bus
        self._rounds_left: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._news = asyncio.Event()

    def note(self, slug: str) -> None:
        """Remember that the open transaction changes a campaign."""
        self._rounds_left[slug] = ROUNDS
        self._news.set()

    async def run(self) -> None:
        """Announce what was noted, for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._rounds_left:
                await asyncio.sleep(GATHER_SECONDS)
                try:
                    await self._round()
                except DATABASE_BUSY as exc:
                    telemetry.LOOP_FAILURES.labels("announcer").inc()
                    log.warning("announcer_paused", error=type(exc).__name__)
                    await asyncio.sleep(1)

    async def _round(self) -> None:
        """Announce what is visible by now; what follows may still be about to commit."""
        slugs = list(self._rounds_left)
        for figures in await queries.figures(self._pool, slugs):
            if figures.version > self._told.get(figures.slug, 0):
                await self.announce(figures)
        for slug in slugs:
            self._rounds_left[slug] -= 1
            if self._rounds_left[slug] <= 0:
                del self._rounds_left[slug]

    async def announce(self, figures: domain.Figures) -> None:
        """Tell everybody the figures of one campaign."""
        self._told[figures.slug] = figures.version
        await self._bus.broadcast(
            f"{SNAPSHOT_CHANGED}.{figures.slug}", msgspec.json.encode(figures)
        )
