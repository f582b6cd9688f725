"""Postgres: migrations, the one clock, transactions that end one way or the other."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from contracts.refusals import Unavailable
from deploy.chaos.proxy import Faults, Proxy
from services.chassis.storage.clock import PlatformClock
from services.chassis.storage.database import (
    DATABASE_BUSY,
    Connection,
    Pool,
    open_pool,
    transaction,
)
from services.chassis.storage.migrations import MigrationError, migrate, pending
from tests.chassis.conftest import ToyDatabase
from tests.chassis.toy import SERVICE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the toy's migrations that a test may change."""
    return Path(shutil.copytree(SERVICE.migrations, tmp_path / "migrations"))


async def apply(database: ToyDatabase, folder: Path, schema: str = "toy") -> int:
    own = database.url.replace("//pool_toy:", f"//pool_{schema}:")
    return await migrate(database.owner_url, schema=schema, folder=folder, service_url=own)


async def changed(file: Path, text: str | None) -> None:
    """Write a file, or remove it."""
    if text is None:
        await asyncio.to_thread(file.unlink)
    else:
        await asyncio.to_thread(file.write_text, text)


async def test_four_at_once_apply_each_file_once(empty: ToyDatabase, folder: Path) -> None:
    applied = await asyncio.gather(*(apply(empty, folder) for _ in range(4)))

    assert sorted(applied)[:3] == [0, 0, 0]
    assert max(applied) >= 3


async def test_services_that_start_at_once_share_the_clock(
    empty: ToyDatabase, folder: Path
) -> None:
    await asyncio.gather(*(apply(empty, folder, f"toy{number}") for number in range(4)))
    conn = await asyncpg.connect(empty.owner_url)
    schemas = await conn.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^toy[0-3]$'")
    offsets = await conn.fetchval("SELECT count(*) FROM platform.clock_offset")
    await conn.close()

    assert (schemas, offsets) == (4, 1)


async def test_an_edited_file_is_refused_and_so_is_a_missing_one(
    empty: ToyDatabase, folder: Path
) -> None:
    file = folder / "0001_heard.sql"
    original = await asyncio.to_thread(file.read_text)
    await apply(empty, folder)

    await changed(file, original + "-- One more word.\n")
    with pytest.raises(MigrationError, match="was edited"):
        await apply(empty, folder)
    await changed(file, None)
    with pytest.raises(MigrationError, match="is gone"):
        await apply(empty, folder)
    await changed(file, original)

    assert await apply(empty, folder) == 0


async def test_a_bad_file_leaves_nothing_of_itself_behind(empty: ToyDatabase, folder: Path) -> None:
    bad = folder / "0002_bad.sql"
    await changed(bad, "-- Why.\nCREATE TABLE half ();\nSELECT 1 / 0;\n")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await apply(empty, folder)
    conn = await asyncpg.connect(empty.owner_url)
    half = await conn.fetchval("SELECT to_regclass('toy.half')")
    lacking = await pending(conn, schema="toy", folder=folder)
    await conn.close()
    await changed(bad, "-- Why.\nCREATE TABLE whole ();\n")

    assert half is None
    assert [name.rpartition("/")[2] for name in lacking] == ["0002_bad.sql"]
    assert await apply(empty, folder) == 1


async def test_an_account_the_operator_brought_is_used_as_it_is(empty: ToyDatabase) -> None:
    conn = await asyncpg.connect(empty.owner_url)
    await conn.execute('DROP ROLE IF EXISTS "Their account"')
    await conn.execute("CREATE ROLE \"Their account\" LOGIN PASSWORD 'theirs'")
    theirs = empty.url.replace("pool_toy:toy-password", "Their%20account:theirs")

    await migrate(empty.owner_url, schema="toy", folder=SERVICE.migrations, service_url=theirs)
    opened = await open_pool(theirs, schema="toy", size_max=1)
    heard = await opened.fetchval("SELECT count(*) FROM heard")
    await opened.close()
    await conn.execute('DROP OWNED BY "Their account"; DROP ROLE "Their account"')
    await conn.close()

    assert heard == 0


async def test_a_service_cannot_touch_what_it_does_not_own(
    pool: Pool, toy_database: ToyDatabase
) -> None:
    await apply(toy_database, SERVICE.migrations, "other")
    allowed = []
    for forbidden in (
        "UPDATE platform.clock_offset SET offset_by = '1 day'",
        "SELECT 1 FROM other.outbox",
        "CREATE TABLE toy.mine ()",
        "DELETE FROM outbox",
        "UPDATE outbox SET payload = ''",
        "DELETE FROM schema_migrations",
    ):
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            allowed.append(await pool.execute(forbidden))

    assert allowed == []


async def test_the_clock_runs_on_from_where_it_was_moved(pool: Pool, owner: Connection) -> None:
    real = await owner.fetchval("SELECT clock_timestamp()")
    await owner.execute("UPDATE platform.clock_offset SET offset_by = interval '40 days'")
    clock = PlatformClock()
    await clock.renew(pool)

    first = await pool.fetchval("SELECT platform.now()")
    await asyncio.sleep(0.05)
    second = await pool.fetchval("SELECT platform.now()")

    assert timedelta(days=40) < first - real < timedelta(days=40, seconds=10)
    assert second - first >= timedelta(seconds=0.05)
    assert abs(clock.now() - second) < timedelta(seconds=2)


async def test_the_clock_is_read_after_the_lock_was_had(pool: Pool, owner: Connection) -> None:
    await owner.execute("INSERT INTO heard (event_id, what, heard_at) VALUES ('1', 'x', now())")
    await owner.execute("GRANT UPDATE ON heard TO pool_toy")
    holding = owner.transaction()
    await holding.start()
    await owner.execute("SELECT 1 FROM heard FOR UPDATE")

    async def wait_for_it() -> timedelta:
        async with transaction(pool) as conn:
            row = await conn.fetchrow(
                "SELECT platform.now() - now() AS waited FROM "
                "(SELECT 1 FROM heard FOR SHARE) AS locked"
            )
            assert row is not None
            waited: timedelta = row["waited"]
            return waited

    waiting = asyncio.create_task(wait_for_it())
    await asyncio.sleep(0.3)
    await holding.commit()

    assert await waiting > timedelta(seconds=0.2)


async def test_a_transaction_that_fails_wrote_nothing(pool: Pool) -> None:
    with pytest.raises(ZeroDivisionError):
        await _write_and_fail(pool)

    assert await pool.fetchval("SELECT count(*) FROM heard") == 0


async def _write_and_fail(pool: Pool) -> None:
    async with transaction(pool) as conn:
        await conn.execute("INSERT INTO heard (event_id, what, heard_at) VALUES ('1', 'x', now())")
        raise ZeroDivisionError


async def test_without_a_free_connection_the_answer_is_a_refusal_in_time(
    toy_database: ToyDatabase,
) -> None:
    small = await open_pool(toy_database.url, schema="toy", size_max=1)
    started = time.monotonic()
    async with transaction(small):
        with pytest.raises(Unavailable, match="busy"):
            async with transaction(small):
                pass
    await small.close()

    assert 1.5 < time.monotonic() - started < 4


@contextlib.asynccontextmanager
async def _behind_a_proxy(database: ToyDatabase) -> AsyncIterator[tuple[Proxy, Pool]]:
    parts = urlsplit(database.url)
    assert parts.hostname is not None
    assert parts.port is not None
    target = (parts.hostname, parts.port)
    async with Proxy(lambda: target).running() as proxy:
        address = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{proxy.port}"
        pool = await open_pool(parts._replace(netloc=address).geturl(), schema="toy", size_max=3)
        try:
            yield proxy, pool
        finally:
            pool.terminate()


async def test_a_postgres_that_is_away_is_a_refusal_and_comes_back(
    toy_database: ToyDatabase,
) -> None:
    async with _behind_a_proxy(toy_database) as (proxy, pool):
        proxy.faults = Faults(refuses=True)
        proxy.cut()
        with pytest.raises((Unavailable, *DATABASE_BUSY)):
            async with transaction(pool) as conn:
                await conn.fetchval("SELECT 1")
        proxy.heal()
        async with transaction(pool) as conn:
            assert await conn.fetchval("SELECT 1") == 1


async def test_a_postgres_that_hangs_costs_no_more_than_its_budget(
    toy_database: ToyDatabase,
) -> None:
    async with _behind_a_proxy(toy_database) as (proxy, pool):
        async with transaction(pool) as conn:
            await conn.fetchval("SELECT 1")
        proxy.faults = Faults(blackhole="both")
        started = time.monotonic()
        with pytest.raises((Unavailable, *DATABASE_BUSY)):
            async with transaction(pool) as conn:
                await conn.fetchval("SELECT 1")
        spent = time.monotonic() - started

        proxy.cut()
        proxy.heal()
        async with transaction(pool) as conn:
            answered = await conn.fetchval("SELECT 1")

    assert spent < 17, "5 s for the command, 5 s for the rollback, 5 s for giving it back"
    assert answered == 1
