"""Postgres: one pool per service, one transaction per request, tick or batch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
import msgspec

from contracts.refusals import Unavailable
from services.chassis import wake

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

T = TypeVar("T")

ACQUIRE_SECONDS = 2.0
COMMAND_SECONDS = 5.0
CONNECT_SECONDS = 3.0
SESSION = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "timezone": "UTC",
}

BUSY = (
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # A query that ran out of its budget can leave its connection in this state.
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
)
"""What says "not now": nothing is wrong with the command, and it may be sent again."""


async def open_pool(url: str, *, schema: str, size_max: int = 16) -> Pool:
    """Open the service's pool. Every session sees its own schema and obeys the budgets.

    Waits for a database that is still starting, since a service may come up first.
    """
    while True:
        try:
            return await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=size_max,
                command_timeout=COMMAND_SECONDS,
                timeout=CONNECT_SECONDS,
                max_inactive_connection_lifetime=60,
                init=_prepare,
                server_settings={
                    **SESSION,
                    "search_path": schema,
                    "application_name": f"pool-{schema}",
                },
            )
        except BUSY:
            await asyncio.sleep(0.2)


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Yield a connection in a transaction that commits at the end of the block.

    Raises `Unavailable` when no connection is free in time or Postgres is away:
    then nothing was written.
    """
    async with _acquired(pool) as conn:
        committed = False
        try:
            async with conn.transaction():
                yield conn
            committed = True
        finally:
            wake.relay.finished(conn, committed=committed)


@asynccontextmanager
async def _acquired(pool: Pool) -> AsyncIterator[Connection]:
    try:
        conn = await pool.acquire(timeout=ACQUIRE_SECONDS)
    except BUSY as exc:
        raise Unavailable("busy", "We are busy for a moment. Nothing was changed.") from exc
    try:
        yield conn
    finally:
        await pool.release(conn, timeout=COMMAND_SECONDS)


def decode_rows(rows: list[Any], shape: type[T]) -> list[T]:
    """Return records as values of `shape`, checked, without a dict in between."""
    return [msgspec.convert(row, shape) for row in rows]


async def _prepare(conn: Connection) -> None:
    """Let jsonb columns hold what msgspec can encode."""
    await conn.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda raw: msgspec.json.decode(raw[1:]),
    )
