"""The platform's clock, for pages and loops that cannot ask Postgres each time.

Business decisions read `platform.now()` in the transaction that makes them. This copy
is for showing the time and for deciding how a page looks: at most a second behind.
"""

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta

from services.chassis.storage.database import DATABASE_BUSY, Pool


class PlatformClock:
    """Platform time from an anchor that is renewed every second."""

    def __init__(self) -> None:
        self._anchor = datetime.now(UTC)
        self._read_at = time.monotonic()
        self.skew_seconds = 0.0
        """How far this machine's clock is from the database's, as far as we can tell."""
        self.is_recovering = False
        """Whether the platform was restored and nobody has said yet that it may go on."""

    def now(self) -> datetime:
        """Return the platform's time, UTC."""
        return self._anchor + timedelta(seconds=time.monotonic() - self._read_at)

    async def renew(self, pool: Pool) -> None:
        """Read the clock once."""
        began, asked_at = time.monotonic(), datetime.now(UTC)
        row = await pool.fetchrow(
            """
            SELECT platform.now() AS platform, clock_timestamp() AS machine,
                platform.recovering() AS is_recovering
            """,
            timeout=2,
        )
        assert row is not None, "a SELECT without FROM has one row"
        self._anchor, self._read_at = row["platform"], time.monotonic()
        self.is_recovering = row["is_recovering"]
        # It was read at some moment of the round trip: that long is no difference.
        travelled = self._read_at - began
        ahead = (row["machine"] - asked_at).total_seconds() - travelled / 2
        self.skew_seconds = max(0.0, abs(ahead) - travelled / 2)

    async def run(self, pool: Pool) -> None:
        """Keep the anchor fresh; while Postgres is away time just runs on."""
        while True:
            with contextlib.suppress(*DATABASE_BUSY):
                await self.renew(pool)
            await asyncio.sleep(1)
