"""A service without its data does not begin anew; one whose clock is off says so."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.chassis.storage import clock as chassis_clock
from services.chassis.storage.clock import PlatformClock
from services.chassis.storage.database import open_pool
from tests.support.stack import Database, Servers


def run(servers: Servers, database: Database, command: str) -> "subprocess.CompletedProcess[str]":
    environ = servers.environment.of_service("notify", port=0)
    environ |= {"DATABASE_URL": database.url("notify")}
    environ |= {"MIGRATION_DATABASE_URL": database.owner_url}
    environ |= {"EMAIL_FROM": "pool@example.org", "SITE_BASE": "http://127.0.0.1"}
    return subprocess.run(
        [sys.executable, "-P", "-m", "services.notify", command],
        env=environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


async def lose_schema(database: Database, *, siblings_hold_data: bool) -> None:
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("DROP SCHEMA notify CASCADE")
    if siblings_hold_data:
        await owner.execute(
            """
            INSERT INTO pledges.outbox (event_id, subject, event_type, aggregate_id,
                aggregate_version, payload, headers)
            VALUES ('e', 'pledges.created.x', 'pledges.created', 'x', 1, '', '{}')
            """
        )
    await owner.close()


async def test_a_service_whose_schema_is_gone_refuses_and_says_what_to_do(
    servers: Servers, database: Database
) -> None:
    await lose_schema(database, siblings_hold_data=True)

    said = run(servers, database, "all")

    assert said.returncode == 1
    assert "its schema 'notify' is missing" in said.stderr
    assert "restore" in said.stderr


async def test_a_lost_schema_is_not_silently_made_anew_beside_full_ones(
    servers: Servers, database: Database
) -> None:
    await lose_schema(database, siblings_hold_data=True)

    said = run(servers, database, "migrate")

    assert said.returncode != 0
    assert "restore" in said.stderr + said.stdout
    owner = await asyncpg.connect(database.owner_url)
    assert await owner.fetchval("SELECT to_regnamespace('notify')") is None
    await owner.close()


async def test_a_new_database_is_migrated_in_any_order(
    servers: Servers, database: Database
) -> None:
    await lose_schema(database, siblings_hold_data=False)

    assert run(servers, database, "migrate").returncode == 0


@pytest.mark.parametrize(("off", "is_noticed"), [(0, False), (5, True), (-5, True), (90, True)])
async def test_a_clock_that_is_off_is_noticed(
    database: Database, monkeypatch: pytest.MonkeyPatch, off: int, is_noticed: bool
) -> None:
    class Wrong(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(UTC) + timedelta(seconds=off)

    pool = await open_pool(database.url("site"), schema="site")
    monkeypatch.setattr(chassis_clock, "datetime", Wrong)
    clock = PlatformClock()
    await clock.renew(pool)

    assert (clock.skew_seconds > 2) is is_noticed
    assert abs(clock.skew_seconds - abs(off)) < 1
    await pool.close()
