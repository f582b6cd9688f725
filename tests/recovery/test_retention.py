"""Old events are forgotten, and never so that a replay could surprise a listener."""

import asyncpg
import pytest

from services.chassis.events import retention
from services.chassis.storage import presence
from services.chassis.storage.database import open_pool
from tests.support.stack import Database


async def age(database: Database) -> None:
    """Write one outbox row and one inbox row for each of several ages, in days."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        """
        INSERT INTO site.outbox (event_id, subject, event_type, aggregate_id,
            aggregate_version, payload, headers, queued_at, published_at)
        SELECT 'said-' || days, 'x.y.z', 'x.y', 'z', 1, '', '{}',
               now() - make_interval(days => days),
               CASE WHEN days <> 99 THEN now() - make_interval(days => days) END
        FROM unnest(ARRAY[1, 29, 31, 36, 40, 99]) AS days;
        INSERT INTO site.inbox (consumer, event_id, applied_at)
        SELECT 'c', 'heard-' || days, now() - make_interval(days => days)
        FROM unnest(ARRAY[1, 29, 31, 36, 40, 99]) AS days;
        """
    )
    await owner.close()


async def test_what_is_old_and_was_published_goes_and_the_inbox_remembers_a_week_longer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 1)
    await age(database)
    pool = await open_pool(database.url("site"), schema="site")

    assert await retention.forget(pool) == 5

    said = await pool.fetch("SELECT event_id FROM outbox ORDER BY outbox_id")
    heard = await pool.fetch("SELECT event_id FROM inbox ORDER BY applied_at DESC")
    assert [row["event_id"] for row in said] == ["said-1", "said-29", "said-99"]
    assert [row["event_id"] for row in heard] == ["heard-1", "heard-29", "heard-31", "heard-36"]
    await pool.close()


async def test_the_service_itself_can_delete_no_event(database: Database) -> None:
    pool = await open_pool(database.url("site"), schema="site")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("DELETE FROM outbox")
    await pool.close()


async def test_a_service_whose_inbox_forgets_too_soon_does_not_start(database: Database) -> None:
    owner = await asyncpg.connect(database.owner_url)
    pool = await open_pool(database.url("site"), schema="site")
    assert await presence.fault(pool, "site") == ""

    await owner.execute(
        "CREATE OR REPLACE FUNCTION site.inbox_retention() RETURNS interval LANGUAGE sql"
        " IMMUTABLE AS $$ SELECT interval '36 days' $$"
    )

    assert "forgets sooner" in await presence.fault(pool, "site")
    await owner.close()
    await pool.close()
