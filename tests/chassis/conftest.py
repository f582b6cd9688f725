"""The toy's database, and the toy as a process, on real servers."""

import os
import socket
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import asyncpg
import msgspec
import pytest

from services.chassis.storage.database import Connection, Pool, open_pool
from services.chassis.storage.migrations import migrate
from tests.chassis.process import GATEWAY, TOY, Toy
from tests.chassis.toy import SERVICE
from tests.support.stack import Servers


class ToyDatabase(msgspec.Struct, frozen=True):
    """A database that holds the toy's tables alone."""

    owner_url: str
    url: str


@pytest.fixture
def empty(servers: Servers) -> Iterator[ToyDatabase]:
    """A database with nothing in it, and the address under which the toy would use it."""
    fresh = servers.empty_database()
    parts = urlsplit(fresh.owner_url)
    address = parts.netloc.rpartition("@")[2]
    own = parts._replace(netloc=f"pool_toy:toy-password@{address}").geturl()
    yield ToyDatabase(fresh.owner_url, own)
    servers.drop(fresh)


@pytest.fixture
async def toy_database(empty: ToyDatabase) -> ToyDatabase:
    """A migrated database."""
    await migrate(empty.owner_url, schema="toy", folder=SERVICE.migrations, service_url=empty.url)
    return empty


@pytest.fixture
async def pool(toy_database: ToyDatabase) -> AsyncIterator[Pool]:
    """The toy's own pool."""
    opened = await open_pool(toy_database.url, schema="toy")
    yield opened
    await opened.close()


@pytest.fixture
async def owner(toy_database: ToyDatabase) -> AsyncIterator[Connection]:
    """The owner's connection."""
    conn = await asyncpg.connect(
        toy_database.owner_url, server_settings={"search_path": "toy", "timezone": "UTC"}
    )
    yield conn
    await conn.close()


@pytest.fixture
async def environ(toy_database: ToyDatabase, nats_url: str, redis_url: str) -> dict[str, str]:
    """What the toy needs in its environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        **os.environ,
        "DATABASE_URL": toy_database.url,
        "NATS_URL": nats_url,
        "REDIS_URL": redis_url,
        "GATEWAY_SECRET": GATEWAY,
        "SITE_BASE": "http://127.0.0.1:8000",
        "TOY_SECRET": TOY,
        "LISTEN_PORT": str(port),
    }


@pytest.fixture
async def toy(environ: dict[str, str]) -> AsyncIterator[Toy]:
    """The toy, running as everything."""
    started = Toy(environ)
    started.start()
    yield started
    started.close()
