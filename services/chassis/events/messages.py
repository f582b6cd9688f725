"""Messages in hand: taken from the bus, counted, held while somebody works on them."""

import asyncio
import contextlib
from typing import Any

from nats.aio.msg import Msg

from services.chassis.events.away import BUS_AWAY
from services.chassis.storage.database import DATABASE_BUSY, Pool

BATCH = 64
FETCH_SECONDS = 2.0
HEARTBEAT_SECONDS = 10


def delivery_count(msg: Msg) -> int:
    """Return how often this message has been delivered, this time included."""
    return int(msg.metadata.num_delivered)


@contextlib.asynccontextmanager
async def heartbeat(messages: list[Msg]) -> Any:
    """Keep a slow batch from being delivered to somebody else meanwhile."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            for msg in messages:
                if not msg.is_acked:
                    await msg.in_progress()

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, *BUS_AWAY):
            await task


async def database_is_back(pool: Pool) -> None:
    """Wait until Postgres answers again."""
    delay = 0.1
    while True:
        await asyncio.sleep(delay)
        try:
            await pool.fetchval("SELECT 1", timeout=2)
        except DATABASE_BUSY:
            delay = min(delay * 2, 5.0)
        else:
            return
