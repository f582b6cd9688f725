"""The platform's clock, for pages and loops that cannot ask Postgres each time.

Business decisions read `platform.now()` in the transaction that makes them. This copy
is for showing the time and for deciding how a page looks: at most a second behind.
"""

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta

from services.chassis.database import BUSY, Pool


class PlatformClock:
    """Platform time from an anchor that is renewed every second."""

    def __init__(self) -> None:
        self._anchor = datetime.now(UTC)
        self._read_at = time.monotonic()

    def now(self) -> datetime:
        """Return the platform's time, UTC."""
        return self._anchor + timedelta(seconds=time.monotonic() - self._read_at)

    async def renew(self, pool: Pool) -> None:
        """Read the clock once."""
        anchor = await pool.fetchval("SELECT platform.now()", timeout=2)
        self._anchor, self._read_at = anchor, time.monotonic()

    async def run(self, pool: Pool) -> None:
        """Keep the anchor fresh; while Postgres is away time just runs on."""
        while True:
            with contextlib.suppress(*BUSY):
                await self.renew(pool)
            await asyncio.sleep(1)
