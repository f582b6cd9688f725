"""A stream that was made anew: its listeners are there before anything is said again."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.streams import STREAMS
from services.chassis.events import streams_watch
from services.chassis.events.bus import StreamSeen
from services.chassis.storage.database import Connection, Pool, transaction
from tests.chassis.toy import announce

STREAM = next(each for each in STREAMS if each.name == "SETTLEMENT")


class Anew:
    """A bus whose stream somebody has just made, and not come to its listeners yet."""

    def __init__(self, owner: Connection) -> None:
        self._owner = owner
        self.waiting_when_declared: list[int] = []

    async def look_at(self, _: str) -> StreamSeen:
        now = datetime.now(UTC)
        return StreamSeen(
            created_at=now, last_sequence=0, is_empty=True, fullness=0.0, looked_at=now
        )

    async def declare(self) -> None:
        self.waiting_when_declared.append(
            await self._owner.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        )


async def test_listeners_are_declared_before_what_was_lost_is_queued_again(
    pool: Pool, owner: Connection
) -> None:
    async with transaction(pool) as conn:
        await announce(conn, "lost", 1)
    before = datetime.now(UTC) - timedelta(hours=1)
    await owner.execute("UPDATE outbox SET published_at = clock_timestamp()")
    await owner.execute("INSERT INTO stream_state VALUES ($1, $2, 7, $2)", STREAM.name, before)
    bus: Any = Anew(owner)

    async with pool.acquire() as conn:
        queued = await streams_watch.watch(conn, bus, STREAM)

    assert queued == 1
    assert bus.waiting_when_declared == [0]
