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
        self._has_news = False
        # Events of those who wait now: one made earlier would belong to another loop.
        self._waiting: set[asyncio.Event] = set()

    def queued(self, conn: object) -> None:
        """Note that the open transaction of `conn` has something for the relay."""
        self._queued.add(id(conn))

    def finished(self, conn: object, *, committed: bool) -> None:
        """Note the end of that transaction; wake the relay if there is news."""
        if id(conn) in self._queued:
            self._queued.discard(id(conn))
            if committed:
                self._has_news = True
                for event in self._waiting:
                    event.set()

    async def wait(self, timeout_seconds: float) -> bool:
        """Wait for news, at most so long; tell whether there was any."""
        if not self._has_news:
            event = asyncio.Event()
            self._waiting.add(event)
            try:
                async with asyncio.timeout(timeout_seconds):
                    await event.wait()
            except TimeoutError:
                return False
            finally:
                self._waiting.discard(event)
        self._has_news = False
        return True


relay = Wake()
