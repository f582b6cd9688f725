"""A service as a process: it starts or says why not, hears once whatever happens, and ends."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator

import pytest

from contracts.streams import CONSUMERS, STREAMS
from services.chassis.events import bus as chassis_bus
from services.chassis.events.bus import Bus
from services.chassis.storage.database import Connection, Pool, transaction
from tests.chassis.conftest import ToyDatabase
from tests.chassis.process import TOY, Toy
from tests.chassis.toy import announce


@pytest.fixture
async def declared(nats_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bus]:
    """A bus on which every stream and consumer exists, as its owners would declare them.

    A dead process' messages come back after two seconds instead of thirty.
    """
    monkeypatch.setattr(chassis_bus, "ACK_WAIT_SECONDS", 2)
    bus = Bus(nats_url, name="owners", streams=STREAMS, consumers=CONSUMERS)
    running = asyncio.create_task(bus.run())
    await bus.ready()
    yield bus
    while not running.done():
        running.cancel()
        await asyncio.wait([running], timeout=0.2)


async def heard(owner: Connection, count: int, *, seconds: float = 60) -> list[str]:
    """Wait until so many handlers have committed; return what they heard."""
    limit = time.monotonic() + seconds
    while await owner.fetchval("SELECT count(*) FROM heard") < count:
        assert time.monotonic() < limit, "not in time"
        await asyncio.sleep(0.05)
    rows = await owner.fetch("SELECT event_id FROM heard ORDER BY heard_id")
    return [row["event_id"] for row in rows]


async def test_bad_settings_end_it_at_once_with_everything_that_is_missing(
    environ: dict[str, str],
) -> None:
    for name in ("NATS_URL", "GATEWAY_SECRET", "TOY_SECRET"):
        del environ[name]
    toy = Toy(environ)
    process = toy.launch()
    _, said = process.communicate(timeout=20)
    toy.close()

    assert process.returncode == 1
    for name in ("NATS_URL", "GATEWAY_SECRET", "TOY_SECRET"):
        assert f"{name} is missing" in said.decode()
    assert "toy-password" not in said.decode()


async def test_an_unknown_role_is_a_wrong_usage(environ: dict[str, str]) -> None:
    toy = Toy(environ)
    process = toy.launch("everything")
    _, said = process.communicate(timeout=20)
    toy.close()

    assert process.returncode == 2
    assert "web|worker|all|migrate" in said.decode()


async def test_a_port_that_is_taken_is_named_and_what_was_begun_is_ended(
    environ: dict[str, str],
) -> None:
    with socket.create_server(("127.0.0.1", int(environ["LISTEN_PORT"]))):
        toy = Toy(environ)
        process = toy.launch()
        said, complained = process.communicate(timeout=40)
        toy.close()

    assert process.returncode == 1
    assert "address already in use" in said.decode()
    assert f"CannotListen: port {environ['LISTEN_PORT']}" in said.decode()
    assert complained == b""


async def test_it_ends_within_five_seconds_when_asked(
    declared: Bus, environ: dict[str, str]
) -> None:
    toy = Toy(environ)
    toy.start()
    started = time.monotonic()
    code, said = toy.stop()
    spent = time.monotonic() - started
    toy.close()

    assert code == 0
    assert spent < 5
    assert '"seconds":{"requests":' in said


@pytest.mark.parametrize("role", ["web", "worker"])
async def test_each_role_is_ready_and_only_web_answers_people(
    declared: Bus, environ: dict[str, str], role: str
) -> None:
    toy = Toy(environ)
    toy.start(role)
    answer = toy.http.get("/pages/1")
    code, _ = toy.stop()
    toy.close()

    assert answer.status_code == (200 if role == "web" else 404)
    assert code == 0


async def test_it_is_ready_with_its_tables_and_not_without(
    empty: ToyDatabase, nats_url: str, redis_url: str, environ: dict[str, str], owner: Connection
) -> None:
    toy = Toy({**environ, "NATS_URL": "nats://127.0.0.1:9", "REDIS_URL": "redis://127.0.0.1:9"})
    toy.launch()
    toy.wait(lambda: toy.http.get("/livez").status_code == 200)
    without_bus = toy.http.get("/readyz")
    await owner.execute("DELETE FROM schema_migrations WHERE version LIKE '%heard%'")
    without_table = toy.http.get("/readyz")
    await owner.execute("ALTER ROLE pool_toy NOLOGIN")
    await owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pool_toy'"
    )
    without_postgres = toy.http.get("/readyz")
    alive = toy.http.get("/livez")
    await owner.execute("ALTER ROLE pool_toy LOGIN")
    toy.close()

    assert (without_bus.status_code, without_bus.json()["degraded"]) == (200, ["nats"])
    assert without_table.status_code == 503
    assert [name.rpartition("/")[2] for name in without_table.json()["missing"]] == [
        "0001_heard.sql"
    ]
    assert (without_postgres.status_code, without_postgres.json()["missing"]) == (
        503,
        ["postgres"],
    )
    assert alive.status_code == 200


async def test_killed_between_publish_and_mark_the_event_is_applied_once(
    declared: Bus, environ: dict[str, str], pool: Pool, owner: Connection
) -> None:
    async with transaction(pool) as conn:
        said = await announce(conn, "told twice", 1)
    toy = Toy(environ)
    toy.launch(TOY_DIES="published")
    died = toy.ended()
    unmarked = await owner.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")

    toy.start()
    first = await heard(owner, 1)
    async with transaction(pool) as conn:
        later = await announce(conn, "told after", 1)
    both = await heard(owner, 2)
    toy.close()

    assert (died, unmarked) == (-signal.SIGKILL, 1)
    assert (first, both) == ([said], [said, later])


async def test_killed_between_commit_and_ack_the_event_is_applied_once(
    declared: Bus, environ: dict[str, str], pool: Pool, owner: Connection
) -> None:
    async with transaction(pool) as conn:
        said = await announce(conn, "heard twice", 1)
    toy = Toy(environ)
    toy.launch(TOY_DIES="committed")
    died = toy.ended()
    after_death = await heard(owner, 1)

    toy.start()
    toy.wait(lambda: 'outcome="duplicate"} 1.0' in toy.http.get("/metrics").text, seconds=60)
    toy.close()

    assert died == -signal.SIGKILL
    assert after_death == [said]
    assert await heard(owner, 1) == [said]


async def test_no_secret_is_ever_said(toy: Toy) -> None:
    toy.http.get("/pages/1")
    code, said = toy.stop()

    assert code == 0
    assert TOY not in said
    assert "toy-password" not in said
