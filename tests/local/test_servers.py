"""The three servers are real, ours, and come back."""

import signal
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import asyncpg
import nats
import pytest
import redis.asyncio as redis

from deploy.local.layout import SERVICES
from deploy.local.sql import create_database, run_sql
from tests.support.containers import running_servers
from tests.support.platform import eventually
from tests.support.stack import Servers


async def test_postgres_keeps_what_it_confirmed(servers: Servers) -> None:
    conn = await asyncpg.connect(servers.owner_url)
    try:
        names = ("fsync", "synchronous_commit", "data_checksums", "password_encryption")
        shown = {name: await conn.fetchval(f"SHOW {name}") for name in names}
    finally:
        await conn.close()

    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "password_encryption": "scram-sha-256",
    }


async def test_nobody_gets_in_without_the_password(servers: Servers) -> None:
    owner, bus, cache = (
        urlsplit(url) for url in (servers.owner_url, servers.nats_url, servers.redis_url)
    )

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(host=owner.hostname, port=owner.port, user="pool", password="no")
    with socket.create_connection((bus.hostname, bus.port), timeout=5) as connection:
        connection.sendall(b"CONNECT {}\r\nPING\r\n")
        heard = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b"Authorization Violation" in heard
    with pytest.raises(redis.AuthenticationError):
        async with redis.Redis(host=str(cache.hostname), port=int(cache.port or 0)) as client:
            await client.get("x")


def test_each_test_has_a_bus_account_of_its_own(servers: Servers) -> None:
    assert servers.fresh_nats() != servers.fresh_nats()


async def test_accounts_see_nothing_of_each_other(servers: Servers) -> None:
    one, other = await nats.connect(servers.fresh_nats()), await nats.connect(servers.fresh_nats())
    try:
        await one.jetstream().add_stream(name="CHECKOUT", subjects=["checkout.>"])
        found = await other.jetstream().streams_info()
    finally:
        await one.close()
        await other.close()

    assert found == []


@pytest.fixture(scope="module")
def mortal() -> Iterator[Servers]:
    """Servers to be killed: the others hold what all tests of this process have left there."""
    with running_servers() as running:
        yield running


@pytest.mark.parametrize("name", ["postgres", "nats", "redis"])
def test_a_killed_server_comes_back_within_two_seconds(mortal: Servers, name: str) -> None:
    before = mortal.kill(name, signal.SIGKILL)

    eventually(lambda: mortal.pid(name) not in (before, 0), seconds=2, what=f"{name} is back")
    eventually(lambda: mortal.is_up(name), seconds=5, what=f"{name} answers")


async def test_every_account_has_room_for_every_stream(servers: Servers) -> None:
    for _ in range(20):
        client = await nats.connect(servers.fresh_nats())
        try:
            for name in ("CAMPAIGNS", "CHECKOUT", "PLEDGES", "SETTLEMENT", "NOTIFY", "CHARGES"):
                await client.jetstream().add_stream(
                    name=name, subjects=[f"{name.lower()}.>"], max_bytes=1024**3
                )
        finally:
            await client.close()


def test_a_database_is_not_made_twice(servers: Servers) -> None:
    create_database(servers.owner_url)

    assert run_sql(servers.owner_url, "SELECT 1") == "1"


async def test_each_test_has_a_migrated_database_of_its_own(servers: Servers) -> None:
    one, other = servers.fresh_database(), servers.fresh_database()
    for service in SERVICES:
        conn = await asyncpg.connect(one.url(service))
        try:
            found = await conn.fetchval(f"SELECT count(*) FROM {service}.outbox")
        finally:
            await conn.close()
        assert found == 0

    run_sql(one.owner_url, "CREATE TABLE only_here (x int)")

    assert run_sql(other.owner_url, "SELECT to_regclass('only_here')") == ""
    servers.drop(one)
    servers.drop(other)


async def test_each_test_has_an_empty_redis_of_its_own(servers: Servers) -> None:
    async with redis.from_url(servers.fresh_redis()) as one:
        await one.set("name", "value")
        async with redis.from_url(servers.fresh_redis()) as other:
            assert await other.get("name") is None
