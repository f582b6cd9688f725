"""Many people at once: so many side by side, whatever each of them does."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from deploy.chaos.crowd import Crowd, Pledge, an_email

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 16


async def each(
    things: Iterable[T], act: Callable[[T], Awaitable[R]], *, at_once: int = AT_ONCE
) -> list[R]:
    """Do the same for each thing, in order, `at_once` side by side; return what came of it."""
    slots = asyncio.Semaphore(at_once)

    async def one(thing: T) -> R:
        async with slots:
            return await act(thing)

    return await asyncio.gather(*(one(thing) for thing in things))


async def saved(crowd: Crowd, slug: str, count: int) -> list[Pledge]:
    """Let people start and save their card; nobody looks at what comes of it."""
    people = [Pledge(slug, an_email()) for _ in range(count)]

    async def save(pledge: Pledge) -> None:
        await crowd.start(pledge)
        await crowd.save_card(pledge)

    await each(people, save)
    return people
