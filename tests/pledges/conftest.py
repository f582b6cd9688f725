"""A ledger on a real database, in the role it has in production."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from services.chassis.storage.database import open_pool
from services.chassis.storage.migrations import migrate
from services.pledges.app import SERVICE
from tests.pledges.ledger import Ledger
from tests.support.stack import Database, Servers


@pytest.fixture
def anyio_backend() -> str:
    """Our code runs on asyncio only."""
    return "asyncio"


@pytest.fixture(scope="session")
def migrated(servers: Servers) -> Iterator[Database]:
    """A database with the ledger's tables alone: it needs nobody else's."""
    fresh = servers.empty_database()
    asyncio.run(
        migrate(
            fresh.owner_url,
            schema="pledges",
            folder=SERVICE.migrations,
            service_url=fresh.url("pledges"),
        )
    )
    yield fresh
    servers.drop(fresh)


@pytest.fixture
async def ledger(migrated: Database) -> AsyncIterator[Ledger]:
    """An empty ledger: its own pool, and the owner's connection for what no service may do."""
    owner = await asyncpg.connect(migrated.owner_url)
    await empty(owner)
    pool = await open_pool(migrated.url("pledges"), schema="pledges")
    yield Ledger(pool=pool, owner=owner)
    await owner.close()
    await pool.close()


async def empty(owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Empty every table, which a superuser can do who switches the triggers off."""
    tables = await owner.fetchval(
        """
        SELECT string_agg(format('pledges.%I', tablename), ', ')
        FROM pg_tables
        WHERE schemaname = 'pledges'
          AND tablename <> 'schema_migrations'
        """
    )
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(f"TRUNCATE {tables}")
        await owner.execute("UPDATE platform.clock_offset SET offset_by = '0'")
