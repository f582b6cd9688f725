"""Every account there is, logged in as the services log in."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from services.chassis.storage.database import Connection
from tests.support.stack import Database, Servers


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def migrated(servers: Servers) -> Iterator[Database]:
    """A database as production has it: migrated itself, not copied."""
    fresh = servers.migrated_database()
    yield fresh
    servers.drop(fresh)


@pytest.fixture
async def owner(migrated: Database) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(migrated.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def logged_in(
    request: pytest.FixtureRequest, migrated: Database
) -> AsyncIterator[Connection]:
    """The account of the service that the test is parametrized with."""
    connection = await asyncpg.connect(migrated.url(request.param))
    yield connection
    await connection.close()
