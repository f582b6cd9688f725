"""The platform's clock row in a real Postgres follows the sandbox's clock."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.sandbox.conftest import eventually, serving, settings
from tests.support.stack import Servers

MOVE = "UPDATE platform.clock_offset SET offset_by = $1"
MIGRATION = Path("services/chassis/storage/sql/platform/0001_clock.sql").read_text("utf-8")


@dataclass(frozen=True)
class Platform:
    """A database with the platform's clock, and the one role that may move it."""

    owner_url: str
    sandbox_url: str

    async def offset(self) -> timedelta:
        found: timedelta = await self.run("SELECT offset_by FROM platform.clock_offset")
        return found

    async def run(self, statement: str, *values: object) -> Any:
        conn = await asyncpg.connect(self.owner_url)
        try:
            return await conn.fetchval(statement, *values)
        finally:
            await conn.close()


@pytest.fixture
async def platform(servers: Servers) -> AsyncIterator[Platform]:
    name = f"sandbox_{secrets.token_hex(4)}"
    parts = urlsplit(servers.owner_url)
    address = parts.netloc.rpartition("@")[2]
    fresh = Platform(
        owner_url=parts._replace(path=f"/{name}").geturl(),
        sandbox_url=parts._replace(netloc=f"{name}:{name}@{address}", path=f"/{name}").geturl(),
    )
    server = Platform(servers.owner_url, "")
    await server.run(f"CREATE DATABASE {name}")
    await server.run(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
    conn = await asyncpg.connect(fresh.owner_url)
    await conn.execute("CREATE SCHEMA platform")
    await conn.execute(f"SET search_path = platform; {MIGRATION}")
    await conn.execute(f"GRANT SELECT, UPDATE ON platform.clock_offset TO {name}")
    await conn.close()
    yield fresh
    await server.run(f"DROP DATABASE {name} WITH (FORCE)")
    await server.run(f"DROP ROLE {name}")


async def test_a_moved_clock_is_the_platforms_before_it_answers(platform: Platform) -> None:
    async with serving(settings(database_url=platform.sandbox_url)) as sandbox:
        moved = await sandbox.move_clock(advance="P30D")
        thirty = await platform.offset()
        await sandbox.move_clock(reset=True)

    assert "platform" not in moved
    assert thirty == timedelta(days=30)
    assert await platform.offset() == timedelta(0)


async def test_a_row_that_went_its_own_way_is_put_right(platform: Platform) -> None:
    async with serving(settings(database_url=platform.sandbox_url)) as sandbox:
        await sandbox.move_clock(advance="P1D")
        await platform.run(MOVE, timedelta(days=5))

        await eventually(platform.offset, lambda found: found == timedelta(days=1))


async def test_a_sandbox_that_remembers_nothing_takes_over_the_platforms_clock(
    platform: Platform,
) -> None:
    await platform.run(MOVE, timedelta(days=7))
    async with serving(settings(database_url=platform.sandbox_url)) as sandbox:
        clock = await eventually(
            lambda: sandbox.get("/sandbox/clock"), lambda answer: answer.json["offsetSeconds"]
        )

    assert clock.json["offsetSeconds"] == 7 * 86_400


async def test_without_the_platforms_table_the_clock_still_moves(platform: Platform) -> None:
    await platform.run("ALTER TABLE platform.clock_offset RENAME TO not_yet")
    async with serving(settings(database_url=platform.sandbox_url)) as sandbox:
        moved = await sandbox.move_clock(advance="P1D")
        await platform.run("ALTER TABLE platform.not_yet RENAME TO clock_offset")

        await eventually(platform.offset, lambda found: found == timedelta(days=1))

    assert moved["platform"] == "pending"
