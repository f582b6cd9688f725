"""The calendar: every start and deadline is announced once, at its instant, come what may."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from contracts.ids import CampaignSlug
from contracts.money import Cents
from services.chassis.storage.database import Connection, Pool, transaction
from services.settlement.domain import runs
from services.settlement.handlers import keep_calendar, keep_definitions
from services.settlement.schedules import charges
from tests.settlement.builders import (
    NOW,
    a_definition,
    a_slug,
    move_clock,
    outbox_events,
    published,
)

DENVER = ZoneInfo("America/Denver")
WENT_LIVE, PASSED = "settlement.went_live", "settlement.deadline_passed"
SECOND = timedelta(seconds=1)


async def publish(pool: Pool, slug: CampaignSlug, **facts: object) -> None:
    async with transaction(pool) as conn:
        now = await conn.fetchval("SELECT platform.now()")
        event = msgspec.structs.replace(published(a_definition(slug, **facts)), occurred_at=now)
        await keep_definitions.keep_campaign(conn, event)


@pytest.mark.parametrize(
    "day",
    [
        pytest.param(date(2026, 3, 8), id="the day clocks go forward"),
        pytest.param(date(2026, 3, 9), id="the day after"),
        pytest.param(date(2026, 11, 1), id="the day clocks go back"),
        pytest.param(date(2026, 11, 2), id="the day after that"),
    ],
)
async def test_a_deadline_passes_at_the_first_instant_of_its_day(
    pool: Pool, owner: Connection, day: date
) -> None:
    deadline = datetime.combine(day, time(), DENVER).astimezone(UTC)
    await move_clock(owner, deadline - timedelta(days=2))
    await publish(pool, a_slug(), starts_at=deadline - timedelta(days=1), deadline_at=deadline)

    await move_clock(owner, deadline - 2 * SECOND)
    await charges.fire_timers(pool)
    before = await outbox_events(owner, PASSED)
    await move_clock(owner, deadline)
    await charges.fire_timers(pool)

    assert before == []
    (event,) = await outbox_events(owner, PASSED)
    assert datetime.fromisoformat(event["deadline_at"]) == deadline


async def test_whatever_was_missed_during_a_downtime_is_announced_once_and_in_order(
    pool: Pool, owner: Connection
) -> None:
    await move_clock(owner, NOW - timedelta(days=1))
    slugs = [a_slug() for _ in range(3)]
    for day, slug in enumerate(slugs):
        await publish(
            pool,
            slug,
            starts_at=NOW + timedelta(days=day),
            deadline_at=NOW + timedelta(days=day + 10),
        )

    await move_clock(owner, NOW + timedelta(days=400))
    await charges.fire_timers(pool)
    await charges.fire_timers(pool)

    rows = await owner.fetch("SELECT event_type, aggregate_id FROM outbox ORDER BY outbox_id")
    assert [tuple(row) for row in rows] == [
        *((WENT_LIVE, slug) for slug in slugs),
        *((PASSED, slug) for slug in slugs),
    ]


async def test_four_leaders_at_once_announce_each_instant_once(
    pool: Pool, owner: Connection
) -> None:
    await move_clock(owner, NOW)
    for _ in range(5):
        await publish(pool, a_slug(), starts_at=NOW - 2 * SECOND, deadline_at=NOW - SECOND)

    await asyncio.gather(*(charges.fire_timers(pool) for _ in range(4)))

    assert len(await outbox_events(owner, WENT_LIVE)) == 5
    assert len(await outbox_events(owner, PASSED)) == 5


async def test_moving_the_clock_back_undoes_nothing(pool: Pool, owner: Connection) -> None:
    await move_clock(owner, NOW)
    slug = a_slug()
    await publish(pool, slug)
    await charges.fire_timers(pool)

    await move_clock(owner, NOW - timedelta(days=3))
    await publish(pool, slug, version=2, starts_at=NOW - timedelta(days=1))
    await charges.fire_timers(pool)
    await move_clock(owner, NOW)
    await charges.fire_timers(pool)

    assert len(await outbox_events(owner, WENT_LIVE)) == 1
    assert await owner.fetchval("SELECT due_at FROM timers WHERE kind = 'start'") == NOW


async def test_a_new_version_before_the_start_moves_both_timers(
    pool: Pool, owner: Connection
) -> None:
    slug = a_slug()
    await move_clock(owner, NOW - timedelta(days=1))
    await publish(pool, slug)
    later = {"starts_at": NOW + timedelta(days=2), "deadline_at": NOW + timedelta(days=9)}

    await publish(pool, slug, version=2, **later)
    await publish(pool, slug, version=1)

    rows = await owner.fetch("SELECT due_at FROM timers ORDER BY due_at")
    assert [row["due_at"] for row in rows] == list(later.values())


async def test_from_the_start_instant_on_the_deadline_is_frozen(
    pool: Pool, owner: Connection
) -> None:
    slug = a_slug()
    await move_clock(owner, NOW)
    await publish(pool, slug)

    await publish(
        pool,
        slug,
        version=2,
        deadline_at=NOW + timedelta(days=60),
        goal_cents=Cents(1),
        title="New",
    )

    kept = await owner.fetchrow("SELECT version, title, deadline_at, goal_cents FROM campaigns")
    assert kept is not None
    assert tuple(kept) == (2, "New", NOW + timedelta(days=30), 10_000)
    due = await owner.fetchval("SELECT due_at FROM timers WHERE kind = 'deadline'")
    assert due == NOW + timedelta(days=30)


async def test_a_version_published_before_the_start_counts_however_late_it_is_heard(
    pool: Pool, owner: Connection
) -> None:
    slug = a_slug()
    await move_clock(owner, NOW - timedelta(days=1))
    await publish(pool, slug)
    moved = a_definition(slug, version=2, deadline_at=NOW + timedelta(days=60))
    event = msgspec.structs.replace(published(moved), occurred_at=NOW - timedelta(hours=1))

    await move_clock(owner, NOW + timedelta(days=7))
    async with transaction(pool) as conn:
        await keep_definitions.keep_campaign(conn, event)

    due = await owner.fetchval("SELECT due_at FROM timers WHERE kind = 'deadline'")
    assert due == NOW + timedelta(days=60)


def test_the_start_instant_itself_freezes_the_dates() -> None:
    known = runs.of_definition(a_definition(CampaignSlug("film")))
    moved = runs.of_definition(
        a_definition(CampaignSlug("film"), version=2, starts_at=NOW + timedelta(days=1))
    )

    before = runs.follow(known, moved, at=NOW - timedelta(microseconds=1))
    at_start = runs.follow(known, moved, at=NOW)

    assert before.starts_at == NOW + timedelta(days=1)
    assert at_start.starts_at == NOW


def test_an_older_version_changes_nothing() -> None:
    known = runs.of_definition(a_definition(CampaignSlug("film"), version=3))
    older = runs.of_definition(a_definition(CampaignSlug("film"), version=2, title="Old"))

    assert runs.follow(known, older, at=NOW - timedelta(days=1)) == known


async def test_a_campaign_published_after_its_deadline_is_announced_at_once(
    pool: Pool, owner: Connection
) -> None:
    await move_clock(owner, NOW + timedelta(days=365))
    await publish(pool, a_slug())

    await charges.fire_timers(pool)

    assert len(await outbox_events(owner, WENT_LIVE)) == 1
    assert len(await outbox_events(owner, PASSED)) == 1


async def test_the_status_shows_the_watch_and_what_comes_next(
    pool: Pool, owner: Connection
) -> None:
    slug = a_slug()
    await move_clock(owner, NOW)
    await publish(pool, slug)
    async with transaction(pool) as conn:
        untouched = await keep_calendar.calendar_status(conn)

    await charges.fire_timers(pool)
    async with transaction(pool) as conn:
        watched = await keep_calendar.calendar_status(conn)

    assert (untouched.is_alive, untouched.heartbeat) == (False, None)
    assert watched.is_alive
    assert watched.last_tick is not None
    assert abs(watched.last_tick - NOW) < timedelta(seconds=30)
    assert [(each.campaign_slug, each.kind) for each in watched.next_timers] == [(slug, "deadline")]
