"""Settlement on a real Postgres, with Stripe's sandbox as a process of its own."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from services.chassis.process.settings import Secret
from services.chassis.storage.database import Connection, Pool, open_pool
from services.chassis.storage.migrations import migrate
from services.settlement.app import SERVICE
from services.settlement.stripe_gateway.money import MoneyGateway
from tests.settlement.aftermath import Aftermath
from tests.settlement.runs import Settlement
from tests.settlement.sandbox import KEY, Sandbox, running_sandbox
from tests.support.stack import Database, Servers
from tests.support.unlimited import unlimited


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[Database]:
    """A database with settlement's tables alone: it needs nobody else's."""
    fresh = servers.empty_database()
    await migrate(
        fresh.owner_url,
        schema="settlement",
        folder=SERVICE.migrations,
        service_url=fresh.url("settlement"),
    )
    yield fresh
    servers.drop(fresh)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """The service's own pool: its role, its schema, its budgets."""
    opened = await open_pool(database.url("settlement"), schema="settlement")
    yield opened
    await opened.close()


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Connection]:
    """The owner's connection: moves the clock and looks at everything."""
    conn = await asyncpg.connect(
        database.owner_url, server_settings={"search_path": "settlement", "timezone": "UTC"}
    )
    yield conn
    await conn.close()


@pytest.fixture(scope="module")
def stripe_process() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def stripe(stripe_process: Sandbox) -> Iterator[Sandbox]:
    """Stripe, without faults before and after."""
    stripe_process.reset()
    yield stripe_process
    stripe_process.reset()


@pytest.fixture
async def gateway(stripe: Sandbox) -> AsyncIterator[MoneyGateway]:
    opened = MoneyGateway(Secret(KEY), stripe.url, budget=unlimited(), read_seconds=0.5)
    yield opened
    await opened.close()


@pytest.fixture
def run(pool: Pool, owner: Connection, gateway: MoneyGateway) -> Settlement:
    """A funded campaign whose charges nobody works on yet."""
    return Settlement(pool, owner, gateway)


@pytest.fixture
def after(run: Settlement, stripe: Sandbox, gateway: MoneyGateway) -> Aftermath:
    """What comes after this run's charges."""
    return Aftermath(run, stripe, gateway)
