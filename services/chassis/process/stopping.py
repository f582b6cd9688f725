"""What must still be done when a loop is asked to stop, and what need not be waited for."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def ended(work: "asyncio.Future[Any]", *, within_seconds: float) -> None:
    """Wait for `work`, deaf to being asked to stop again; then end it, whatever came of it."""
    limit = time.monotonic() + within_seconds
    while not work.done() and (left := limit - time.monotonic()) > 0:
        # We are asked again and again until we are gone.
        with suppress(asyncio.CancelledError):
            await asyncio.wait([work], timeout=left)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def unless(stopping: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what `work` gives; None when `stopping` was set first, and `work` is cancelled."""
    told = asyncio.create_task(stopping.wait())
    working = asyncio.create_task(work)
    try:
        await asyncio.wait([told, working], return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (told, working):
            task.cancel()
        await asyncio.gather(told, working, return_exceptions=True)
