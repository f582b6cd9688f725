"""Waking our own relay when a transaction that queued something commits.

Postgres' NOTIFY in a business transaction halves the commit rate (measured), so the
process that commits tells its own relay and the others poll.
"""

import asyncio


class Wake:
    """Remembers which open connections queued something, and signals after commit."""

    def __init__(self) -> None:
        # By identity: a pooled connection can be neither hashed by value nor weakly held.
        self._queued: set[int] = set()
        self._event = asyncio.Event()

    def queued(self, conn: object) -> None:
        """Note that the open transaction of `conn` has something for the relay."""
        self._queued.add(id(conn))

    def finished(self, conn: object, *, committed: bool) -> None:
        """Note the end of that transaction; wake the relay if there is news."""
        if id(conn) in self._queued:
            self._queued.discard(id(conn))
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
