"""The platform's clock row in a real Postgres follows the sandbox's clock."""

from datetime import timedelta

import asyncpg

from tests.sandbox.conftest import eventually, serving, settings
from tests.support.stack import Database


async def offset(database: Database) -> timedelta:
    conn = await asyncpg.connect(database.owner_url)
    try:
        found: timedelta = await conn.fetchval("SELECT offset_by FROM platform.clock_offset")
    finally:
        await conn.close()
    return found


async def move_by_hand(database: Database, offset_by: timedelta) -> None:
    conn = await asyncpg.connect(database.owner_url)
    try:
        await conn.execute("UPDATE platform.clock_offset SET offset_by = $1", offset_by)
    finally:
        await conn.close()


async def test_a_moved_clock_is_the_platforms_before_it_answers(database: Database) -> None:
    async with serving(settings(database_url=database.url("sandbox"))) as sandbox:
        moved = await sandbox.move_clock(advance="P30D")
        thirty = await offset(database)
        await sandbox.move_clock(reset=True)

    assert "platform" not in moved
    assert thirty == timedelta(days=30)
    assert await offset(database) == timedelta(0)


async def test_a_row_that_went_its_own_way_is_put_right(database: Database) -> None:
    async with serving(settings(database_url=database.url("sandbox"))) as sandbox:
        await sandbox.move_clock(advance="P1D")
        await move_by_hand(database, timedelta(days=5))

        await eventually(lambda: offset(database), lambda found: found == timedelta(days=1))


async def test_a_sandbox_that_remembers_nothing_takes_over_the_platforms_clock(
    database: Database,
) -> None:
    await move_by_hand(database, timedelta(days=7))
    async with serving(settings(database_url=database.url("sandbox"))) as sandbox:
        clock = await eventually(
            lambda: sandbox.get("/sandbox/clock"), lambda answer: answer.json["offsetSeconds"]
        )

    assert clock.json["offsetSeconds"] == 7 * 86_400


async def test_without_the_platforms_table_the_clock_still_moves(database: Database) -> None:
    conn = await asyncpg.connect(database.owner_url)
    await conn.execute("ALTER TABLE platform.clock_offset RENAME TO not_yet")
    async with serving(settings(database_url=database.url("sandbox"))) as sandbox:
        moved = await sandbox.move_clock(advance="P1D")
        await conn.execute("ALTER TABLE platform.not_yet RENAME TO clock_offset")
        await conn.close()

        await eventually(lambda: offset(database), lambda found: found == timedelta(days=1))

    assert moved["platform"] == "pending"
