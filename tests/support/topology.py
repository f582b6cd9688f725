"""Every stream and consumer at once, for tests of one service: its neighbours declare theirs."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from services.chassis.topology import provide


def declare_everything(nats_url: str) -> None:
    """Make all of it in an account where one may; from a coroutine, too."""
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, provide(nats_url, wait_seconds=20)).result()
