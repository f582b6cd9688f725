"""A ledger on a real database, in the role it has in production."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.chassis.database import open_pool
from tests.pledges.ledger import Ledger
from tests.support.stack import Database


@pytest.fixture
def anyio_backend() -> str:
    """Our code runs on asyncio only."""
    return "asyncio"


@pytest.fixture
async def ledger(database: Database) -> AsyncIterator[Ledger]:
    """The ledger's own pool, and the owner's connection for what no service may do."""
    pool = await open_pool(database.url("pledges"), schema="pledges")
    owner = await asyncpg.connect(database.owner_url)
    yield Ledger(pool=pool, owner=owner)
    await owner.close()
    await pool.close()
