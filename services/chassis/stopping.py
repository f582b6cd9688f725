"""What must still be done when a loop is asked to stop."""

import asyncio
import time
from contextlib import suppress
from typing import Any


async def ended(work: "asyncio.Future[Any]", *, within_seconds: float) -> None:
    """Wait for `work`, deaf to being asked to stop again; then end it, whatever came of it."""
    limit = time.monotonic() + within_seconds
    while not work.done() and (left := limit - time.monotonic()) > 0:
        # We are asked again and again until we are gone.
        with suppress(asyncio.CancelledError):
            await asyncio.wait([work], timeout=left)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
