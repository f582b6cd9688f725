"""Waking our own relay when a transaction that queued something commits.

Postgres' NOTIFY in a business transaction halves the commit rate (measured), so the
process that commits tells its own relay and the others poll.
"""

import asyncio
import weakref
from collections.abc import Hashable


class Wake:
    """Remembers which open connections queued something, and signals after commit."""

    def __init__(self) -> None:
        self._queued: weakref.WeakSet[Hashable] = weakref.WeakSet()
        self._event = asyncio.Event()

    def queued(self, conn: Hashable) -> None:
        """Note that the open transaction of `conn` has something for the relay."""
        self._queued.add(conn)

    def finished(self, conn: Hashable, *, committed: bool) -> None:
        """Note the end of that transaction; wake the relay if there is news."""
        if conn in self._queued:
            self._queued.discard(conn)
            if committed:
                self._event.set()

    async def wait(self, timeout_seconds: float) -> bool:
        """Wait for news, at most so long; tell whether there was any."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


relay = Wake()
