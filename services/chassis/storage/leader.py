"""One leader per job: a session-long advisory lock, given up when the session ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from services.chassis.process import telemetry
from services.chassis.process.stopping import ended
from services.chassis.storage.database import ACQUIRE_SECONDS, DATABASE_BUSY, Connection, Pool

log = telemetry.logger(__name__)

FOLLOWER_SECONDS = 1.0
RECOVERY_SECONDS = 1.0
LAST_ROUND_SECONDS = 3.0


def nothing() -> None:
    """Be a follower that has nothing to take back."""


@asynccontextmanager
async def leading(
    pool: Pool, job: str, *, follows: Callable[[], None] = nothing
) -> AsyncIterator[Connection]:
    """Wait to become the leader of `job`; yield the connection that holds the lock.

    If that connection dies the lock is gone, and so is the block: every statement on
    it fails. Another process can lead at once. `follows` is called as long as another
    does: what a process that led said of the job, in gauges, is no longer its to say.
    """
    conn = await pool.acquire(timeout=ACQUIRE_SECONDS)
    try:
        while True:
            if await _try_lock(conn, job):
                break
            follows()
            await asyncio.sleep(FOLLOWER_SECONDS)
        try:
            yield conn
        finally:
            await _unlock(conn, job)
    finally:
        await pool.release(conn)


async def _try_lock(conn: Connection, job: str) -> bool:
    return bool(await conn.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", job))


async def _unlock(conn: Connection, job: str) -> None:
    """Give the lock up. A session that cannot be told so is ended, and its lock with it."""
    try:
        with suppress(*DATABASE_BUSY):
            await conn.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", job)
            return
        conn.terminate()
    except BaseException:
        conn.terminate()
        raise


async def _to_its_end(tick: Callable[[], Awaitable[object]]) -> None:
    """Call `tick`; asked to stop meanwhile, let it end first, if that is soon.

    A round cut in two leaves leases behind that others have to wait for.
    """
    round_ = asyncio.ensure_future(tick())
    try:
        await asyncio.shield(round_)
    except asyncio.CancelledError:
        await ended(round_, within_seconds=LAST_ROUND_SECONDS)
        raise


def led(
    pool: Pool,
    job: str,
    tick: Callable[[], Awaitable[object]],
    *,
    every_seconds: float = 1.0,
    in_recovery: bool = False,
) -> Callable[[], Awaitable[None]]:
    """Return a loop that is named as its job and calls `tick` as the leader of it."""

    async def run() -> None:
        await tick_as_leader(pool, job, tick, every_seconds=every_seconds, in_recovery=in_recovery)

    run.__qualname__ = job
    return run


async def tick_as_leader(
    pool: Pool,
    job: str,
    tick: Callable[[], Awaitable[object]],
    *,
    every_seconds: float = 1.0,
    in_recovery: bool = False,
    follows: Callable[[], None] = nothing,
) -> None:
    """Call `tick` again and again in one process at a time.

    A round that fails is logged and counted, and the next one comes: `tick` finds its
    work in the database, so nothing is lost but time. On a platform that was restored only
    those tick that read: `in_recovery`. The others wait for the operator's word.
    """
    while True:
        try:
            async with leading(pool, job, follows=follows) as conn:
                while True:
                    # Proves that the lock's session still lives: we may have been stopped
                    # for long, and somebody else may lead by now.
                    is_recovering = await conn.fetchval("SELECT platform.recovering()")
                    if is_recovering and not in_recovery:
                        await asyncio.sleep(max(RECOVERY_SECONDS, every_seconds))
                        continue
                    await _to_its_end(tick)
                    await asyncio.sleep(every_seconds)
        except asyncio.CancelledError:
            raise
        except Exception:
            telemetry.LOOP_FAILURES.labels(job).inc()
            log.exception("loop_failed", loop=job)
            await asyncio.sleep(every_seconds)
