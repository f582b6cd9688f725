"""A steady number of things in work: whoever is done gets the next, and nobody waits for the rest.

For a loop that takes its work from the database by leases and asks somebody slow about each
piece. A batch would take as long as its slowest; here one that never gets its answer holds
one place, and the others go on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services.chassis.process import telemetry
from services.chassis.process.stopping import ended
from services.chassis.storage.database import Pool
from services.chassis.storage.leader import nothing, tick_as_leader

log = telemetry.logger(__name__)

T = TypeVar("T")

ROUNDS_MAX = 20
GATHER_SECONDS = 0.05
PATIENCE_SECONDS = 1.0
LAST_SECONDS = 3.0


class Steady(Generic[T]):
    """At most `at_once` pieces of work under way, over all rounds.

    `take` leases as many as it is asked for, or fewer; `do` does one and records it. What a
    process leaves undone is found by its lease.
    """

    def __init__(
        self,
        job: str,
        take: Callable[[int], Awaitable[Sequence[T]]],
        do: Callable[[T], Awaitable[None]],
        *,
        at_once: int,
    ) -> None:
        self._job = job
        self._take = take
        self._do = do
        self._at_once = at_once
        self._under_way: set[asyncio.Task[None]] = set()
        self._begun = 0

    async def lead(
        self,
        pool: Pool,
        *,
        every_seconds: float,
        in_recovery: bool = False,
        follows: Callable[[], None] = nothing,
    ) -> None:
        """Work for ever, in one process at a time; asked to stop, end what ends soon."""
        try:
            await tick_as_leader(
                pool,
                self._job,
                self.tick,
                every_seconds=every_seconds,
                in_recovery=in_recovery,
                follows=follows,
            )
        finally:
            await self.end(within_seconds=LAST_SECONDS)

    async def tick(self) -> None:
        """Give work to whoever is free; return when nothing is due, or after some rounds."""
        for _ in range(ROUNDS_MAX):
            free = self._at_once - len(self._under_way)
            if free:
                taken = await self._take(free)
                for piece in taken:
                    self._begin(piece)
                if len(taken) < free:
                    return
            await asyncio.wait(
                self._under_way, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            # Those that are done a moment later get their next by the same question.
            await asyncio.sleep(GATHER_SECONDS)

    async def finish(self) -> None:
        """Do all that is due, and what becomes due by it, to the end."""
        while True:
            before, was_idle = self._begun, not self._under_way
            await self.tick()
            if was_idle and self._begun == before:
                return
            if self._under_way:
                await asyncio.wait(self._under_way)

    async def end(self, *, within_seconds: float) -> None:
        """Let what is under way end, if that is soon."""
        work = asyncio.gather(*self._under_way, return_exceptions=True)
        await ended(work, within_seconds=within_seconds)

    def _begin(self, piece: T) -> None:
        self._begun += 1
        task = asyncio.create_task(self._done(piece))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _done(self, piece: T) -> None:
        """Do one piece. What fails is counted, and due again when its lease ends."""
        try:
            await self._do(piece)
        except Exception:
            telemetry.LOOP_FAILURES.labels(self._job).inc()
            log.exception("work_failed", loop=self._job)
