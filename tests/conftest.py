"""What every test may ask for: real servers, the running platform, a database of its own."""

import time
from collections.abc import Iterator

import pytest

from tests.support.containers import running_servers
from tests.support.stack import Database, Servers, Stack, running_stack


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Postgres, NATS and Valkey of this test process, without any service."""
    with running_servers() as running:
        yield running


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole platform of this test process. Its clock moves: date things by its clock."""
    with running_stack() as running:
        yield running


@pytest.fixture
def database(servers: Servers) -> Iterator[Database]:
    """A migrated database for one test."""
    fresh = servers.fresh_database()
    yield fresh
    servers.drop(fresh)


@pytest.fixture
def nats_url(servers: Servers) -> str:
    """A NATS account for one test: every stream and consumer, no message, nobody else."""
    return servers.fresh_bus()


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """An empty Redis database for one test."""
    return servers.fresh_redis()


@pytest.fixture
def a_minute() -> None:
    """Begin with ten seconds left of the clock's minute: limits are counted by it.

    Where one minute ends, the next gives a little back, and a count is not exact.
    """
    left = 60 - time.time() % 60
    if left < 10:
        time.sleep(left + 0.1)
