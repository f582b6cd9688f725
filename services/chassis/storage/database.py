"""Postgres: one pool per service, one transaction per request, tick or batch."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
import msgspec

from contracts.refusals import Unavailable
from services.chassis.events import wake

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
    PlainConnection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool
    PlainConnection = asyncpg.Connection

T = TypeVar("T")

ACQUIRE_SECONDS = 2.0
COMMAND_SECONDS = 5.0
CONNECT_SECONDS = 3.0
RESET_SECONDS = 1.0
SILENCE_SECONDS = 10
SESSION = {
    # A little less than our own patience: a server that is merely slow says so itself,
    # and its connection stays good.
    "statement_timeout": "4800ms",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    # A peer that vanished without a word gives up its locks this soon.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": f"{SILENCE_SECONDS}s",
    "timezone": "UTC",
}

DATABASE_AWAY = (
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # A query that ran out of its budget can leave its connection in this state.
    asyncpg.InternalClientError,
    ConnectionError,
)
"""What says that there is no answer, and none to be expected on this connection."""

DATABASE_BUSY = (
    *DATABASE_AWAY,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.TooManyConnectionsError,
    TimeoutError,
)
"""What says "not now": nothing is wrong with the command, and it may be sent again."""


class BudgetedConnection(PlainConnection):
    """A connection that is thrown away as soon as a statement has used up its time.

    Such a connection waits for the end of its cancellation before it takes the next
    statement, be it only the rollback: behind a hung server that is another time-out, and
    one more when the pool tidies it up (seen: 15 seconds, and the pool empty meanwhile).
    """

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """Run a statement."""
        with self._thrown_away_when_late():
            return await super().execute(query, *args, timeout=timeout)

    async def _execute(self, *args: Any, **kwargs: Any) -> Any:
        """Where fetch, fetchrow, fetchval and execute with arguments meet."""
        with self._thrown_away_when_late():
            return await super()._execute(*args, **kwargs)  # type: ignore[misc]

    async def _executemany(self, *args: Any, **kwargs: Any) -> Any:
        with self._thrown_away_when_late():
            return await super()._executemany(*args, **kwargs)  # type: ignore[misc]

    def get_reset_query(self) -> str:
        """Return what tidies a session up between two users: nothing.

        A transaction left open is rolled back all the same. We set nothing for a session
        and listen to nothing, and who takes a session's lock gives it up or ends the
        session (`leader`); asking for it after each transaction would cost another round
        trip and four statements.
        """
        return ""

    @contextlib.contextmanager
    def _thrown_away_when_late(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            self.terminate()
            raise


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
                connection_class=BudgetedConnection,
                server_settings={
                    **SESSION,
                    "search_path": schema,
                    "application_name": f"pool-{schema}",
                },
            )
        except DATABASE_BUSY:
            await asyncio.sleep(0.2)


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Yield a connection in a transaction that commits at the end of the block.

    Raises `Unavailable` when no connection is free in time or Postgres is away: then
    nothing was written. If the answer to the commit itself is lost, its message says so.
    """
    async with _acquired(pool) as conn:
        committed = False
        try:
            work = conn.transaction()
            await work.start()
            try:
                yield conn
            except BaseException:
                await work.rollback()
                raise
            await _commit(work)
            committed = True
        finally:
            wake.relay.finished(conn, committed=committed)


@asynccontextmanager
async def single(pool: Pool) -> AsyncIterator[Connection]:
    """Yield a connection for one statement, which is a transaction of its own.

    One round trip where `transaction` makes three. Raises `Unavailable` when no connection
    is free in time: then nothing was written.
    """
    async with _acquired(pool) as conn:
        yield conn


@contextlib.contextmanager
def refused_when_busy() -> Iterator[None]:
    """Say as a refusal that Postgres is away or out of its budget: nothing was changed."""
    try:
        yield
    except DATABASE_BUSY as exc:
        raise Unavailable("busy", "We are busy for a moment. Nothing was changed.") from exc


async def _commit(work: "asyncpg.transaction.Transaction") -> None:
    try:
        await work.commit()
    except (*DATABASE_AWAY, TimeoutError) as exc:
        raise Unavailable(
            "busy", "We can't tell whether this was saved. Send it again: it counts once."
        ) from exc


@asynccontextmanager
async def _acquired(pool: Pool) -> AsyncIterator[Connection]:
    try:
        conn = await pool.acquire(timeout=ACQUIRE_SECONDS)
    except DATABASE_BUSY as exc:
        raise Unavailable("busy", "We are busy for a moment. Nothing was changed.") from exc
    try:
        yield conn
    finally:
        # What goes wrong here ends the connection, not the work: that is decided.
        with contextlib.suppress(*DATABASE_BUSY):
            await pool.release(conn, timeout=RESET_SECONDS)


def decode_rows(rows: list[Any], shape: type[T]) -> list[T]:
    """Return records as values of `shape`, checked, without a dict in between."""
    return [msgspec.convert(row, shape) for row in rows]


async def _prepare(conn: Connection) -> None:
    """Notice a silent peer, and let jsonb columns hold what msgspec can encode."""
    _limit_silence(conn)
    await conn.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda raw: msgspec.json.decode(raw[1:]),
    )


def _limit_silence(conn: Connection) -> None:
    """Let the kernel end a connection on which nothing is acknowledged any more."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    ours = getattr(conn, "_transport").get_extra_info("socket")  # noqa: B009 - not public
    if option is None or ours.family not in (socket.AF_INET, socket.AF_INET6):
        return
    # Through a copy of the descriptor: the event loop shows a socket that cannot be set.
    with socket.socket(fileno=os.dup(ours.fileno())) as same:
        same.setsockopt(socket.IPPROTO_TCP, option, SILENCE_SECONDS * 1_000)
