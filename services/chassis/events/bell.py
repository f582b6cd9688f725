"""A bell between the parts of one process: ring, and whoever waits looks at once."""

import asyncio


class Bell:
    """Only ever saves waiting: who is not in the room finds the work in the database."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake whoever waits, or whoever waits next."""
        self._rung.set()

    async def wait(self, timeout_seconds: float) -> None:
        """Wait for a ring, at most so long."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._rung.wait()
        except TimeoutError:
            return
        self._rung.clear()
