"""A steady number in work: the slowest holds one place, and never more are under way."""

import asyncio
from collections import deque

from services.chassis.process.steady import Steady

AT_ONCE = 4


class Work:
    """Pieces of work that wait, of which some never get an answer."""

    def __init__(self, count: int, *, lost: frozenset[int] = frozenset()) -> None:
        self.waiting = deque(range(count))
        self.done: list[int] = []
        self.under_way = 0
        self.most = 0
        self._lost = lost
        self.steady = Steady("work", self._take, self._do, at_once=AT_ONCE)

    async def _take(self, limit: int) -> list[int]:
        return [self.waiting.popleft() for _ in range(min(limit, len(self.waiting)))]

    async def _do(self, piece: int) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            if piece in self._lost:
                await asyncio.Event().wait()
            await asyncio.sleep(0)
            if piece == 1:
                raise RuntimeError("this one fails")
            self.done.append(piece)
        finally:
            self.under_way -= 1


async def test_what_never_gets_its_answer_holds_one_place_and_the_others_go_on() -> None:
    work = Work(40, lost=frozenset({0, 5, 9}))

    while work.waiting:
        await work.steady.tick()
    await asyncio.sleep(0.01)

    assert work.done == [piece for piece in range(40) if piece not in (0, 1, 5, 9)]
    assert work.under_way == 3
    assert work.most == AT_ONCE
    await work.steady.end(within_seconds=0)
    assert work.under_way == 0


async def test_with_every_place_taken_nothing_more_is_leased() -> None:
    work = Work(8, lost=frozenset(range(8)))

    ticking = asyncio.create_task(work.steady.tick())
    await asyncio.sleep(0.05)

    assert (work.under_way, len(work.waiting)) == (AT_ONCE, 8 - AT_ONCE)
    ticking.cancel()
    await work.steady.end(within_seconds=0)


async def test_all_that_is_due_can_be_done_to_the_end() -> None:
    work = Work(10)

    await work.steady.finish()

    assert work.done == [piece for piece in range(10) if piece != 1]
