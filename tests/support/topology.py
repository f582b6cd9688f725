"""Every stream and consumer at once, for tests of one service: its neighbours declare theirs."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

from contracts.streams import CONSUMERS, STREAMS
from services.chassis.bus import Bus

DECLARE_SECONDS = 20.0


def declare_everything(nats_url: str) -> None:
    """Make all of it in an account where one may; from a coroutine, too."""
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, _declare(nats_url)).result()


async def _declare(nats_url: str) -> None:
    bus = Bus(nats_url, name="everybody", streams=STREAMS, consumers=CONSUMERS)
    running = asyncio.create_task(bus.run())
    try:
        await asyncio.wait_for(bus.ready(), DECLARE_SECONDS)
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
