"""The platform's clock row in Postgres, kept in step with the sandbox's clock."""

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import asyncpg

from deploy.sandbox.world import World

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

log = logging.getLogger(__name__)

# How often the row is compared, and a database that is away is tried again.
COMPARE_EVERY_SECONDS = 1.0
CONNECT_SECONDS_MAX = 5.0
# How long a moved clock waits for the platform to follow before it answers.
FOLLOW_SECONDS_MAX = 3.0
# The offset travels through microseconds and back.
SAME_SECONDS = 0.001

_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class PlatformClock:
    """Owner of `platform.clock_offset`. Without a database it has nothing to do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._moved = asyncio.Event()
        self._in_step = asyncio.Event()
        self._is_complaining = False

    @property
    def is_wanted(self) -> bool:
        return bool(self._world.settings.database_url)

    async def follow(self) -> bool:
        """Write the moved clock through; False if the database has not followed in time."""
        if not self.is_wanted:
            return True
        self._in_step.clear()
        self._moved.set()
        try:
            await asyncio.wait_for(self._in_step.wait(), FOLLOW_SECONDS_MAX)
        except TimeoutError:
            return False
        return True

    async def keep_for_ever(self) -> None:
        """Compare once a second and after every move, through every outage of the database."""
        if not self.is_wanted:
            return
        while True:
            try:
                await self._keep_while_connected()
            except _FAULTS as exc:
                # The migrations may not have run yet; one line is enough.
                if not self._is_complaining:
                    log.warning("the platform's clock is out of reach: %s", exc)
                self._is_complaining = True
                await asyncio.sleep(COMPARE_EVERY_SECONDS / 2)

    async def _keep_while_connected(self) -> None:
        url = self._world.settings.database_url
        conn = await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX, command_timeout=5)
        try:
            while True:
                self._moved.clear()
                await self._compare(conn)
                self._is_complaining = False
                if self._moved.is_set():
                    # Moved again while we wrote: what we wrote may be the time before.
                    continue
                self._in_step.set()
                try:
                    await asyncio.wait_for(self._moved.wait(), COMPARE_EVERY_SECONDS)
                except TimeoutError:
                    continue
        finally:
            conn.terminate()

    async def _compare(self, conn: "Connection") -> None:
        theirs = await conn.fetchval("SELECT offset_by FROM platform.clock_offset")
        clock = self._world.clock
        if theirs is not None and not self._world.is_clock_remembered:
            # We remember nothing and the database does: a stack that was restored.
            clock.offset_seconds = theirs.total_seconds()
            self._world.remember_controls()
            self._world.commit()
        ours = timedelta(seconds=clock.offset_seconds)
        if theirs is None or abs((theirs - ours).total_seconds()) > SAME_SECONDS:
            await conn.execute("UPDATE platform.clock_offset SET offset_by = $1", ours)
