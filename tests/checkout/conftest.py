"""Checkout on a real Postgres, with Stripe's sandbox as a process of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from services.chassis.process.settings import Secret, load
from services.chassis.storage.database import Connection, Pool, open_pool
from services.chassis.storage.migrations import migrate
from services.checkout.app import SERVICE
from services.checkout.settings import Settings
from services.checkout.steps.checkout import Checkout
from services.checkout.stripe_gateway import StripeGateway
from tests.checkout.floor import Floor
from tests.checkout.running import Running, running_checkout, service_environ
from tests.checkout.sandbox import STRIPE_KEY, Sandbox, running_sandbox
from tests.support.stack import Database, Servers
from tests.support.unlimited import unlimited


@pytest.fixture
def anyio_backend() -> str:
    """Our code runs on asyncio only."""
    return "asyncio"


@pytest.fixture
def database(servers: Servers) -> Iterator[Database]:
    """A database with checkout's tables alone: it needs nobody else's."""
    fresh = migrated(servers)
    yield fresh
    servers.drop(fresh)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """The service's own pool: its role, its schema, its budgets."""
    opened = await open_pool(database.url("checkout"), schema="checkout")
    yield opened
    await opened.close()


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Connection]:
    """The owner's connection: moves the clock and looks at everything."""
    conn = await asyncpg.connect(
        database.owner_url, server_settings={"search_path": "checkout", "timezone": "UTC"}
    )
    yield conn
    await conn.close()


@pytest.fixture(scope="session")
def stripe_process() -> Iterator[Sandbox]:
    """Stripe without webhooks, for tests that call the handlers themselves."""
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(stripe_process: Sandbox) -> Iterator[Sandbox]:
    """Stripe, without faults and at the real time, before and after."""
    _reset(stripe_process)
    yield stripe_process
    _reset(stripe_process)


@pytest.fixture
async def stripe(sandbox: Sandbox) -> AsyncIterator[StripeGateway]:
    gateway = StripeGateway(Secret(STRIPE_KEY), api_base=sandbox.url, budget=unlimited())
    yield gateway
    await gateway.close()


@pytest.fixture
def checkout(pool: Pool, stripe: StripeGateway, database: Database, sandbox: Sandbox) -> Checkout:
    """What a start needs, with the card step on our own page."""
    environ = service_environ(database, "nats://127.0.0.1:1", sandbox.url)
    return Checkout(pool, stripe, load(Settings, environ))


@pytest.fixture(scope="module")
def running(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The whole service in front of a bus and a sandbox that calls it back."""
    fresh = migrated(servers)
    log = tmp_path_factory.mktemp("checkout") / "log.jsonl"
    with running_checkout(fresh, servers.fresh_bus(), log) as service:
        yield service
    servers.drop(fresh)
    assert b"Traceback" not in Path(log).read_bytes()


def migrated(servers: Servers) -> Database:
    """Return a new database with checkout's tables."""
    fresh = servers.empty_database()
    asyncio.run(
        migrate(
            fresh.owner_url,
            schema="checkout",
            folder=SERVICE.migrations,
            service_url=fresh.url("checkout"),
        )
    )
    return fresh


def _reset(sandbox: Sandbox) -> None:
    sandbox.faults(reset=True)
    sandbox.http.post("/sandbox/clock", json={"reset": True}).raise_for_status()


@pytest.fixture
def floor(pool: Pool, owner: Connection) -> Floor:
    """The handlers, on a database of this test's own."""
    return Floor(pool, owner)
