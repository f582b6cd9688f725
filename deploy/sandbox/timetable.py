"""What is due when: a heap that a loop sleeps on."""

import asyncio
import heapq
import itertools
import time


class Timetable:
    """Names with a due time in real time. Adding an earlier one wakes the sleeper."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, str]] = []
        self._order = itertools.count()
        self._changed = asyncio.Event()

    def add(self, name: str, due_at: float, *, last_first: bool = False) -> None:
        """Put `name` on the table. With `last_first`, what is added later comes sooner."""
        order = next(self._order)
        heapq.heappush(self._heap, (due_at, -order if last_first else order, name))
        self._changed.set()

    async def next_due(self) -> list[str]:
        """Wait until something is due and take all of it, in order."""
        while True:
            self._changed.clear()
            if due := self._take(time.time()):
                return due
            wait_seconds = self._heap[0][0] - time.time() if self._heap else None
            try:
                await asyncio.wait_for(self._changed.wait(), wait_seconds)
            except TimeoutError:
                continue

    def _take(self, now: float) -> list[str]:
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[2])
        return due
