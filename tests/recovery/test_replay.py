"""An outbox can say everything again, and nobody is told anything new by it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.events import replay
from services.chassis.storage.database import open_pool
from tests.recovery.people import (
    CALENDAR,
    Ear,
    Pair,
    deadline_passed,
    in_background,
    pair,
    say,
    until,
)
from tests.recovery.people import went_live as went
from tests.support.stack import Database

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


async def all_out(both: Pair) -> bool:
    return await both.speaker.fetchval("SELECT count(*) = count(published_at) FROM outbox") is True


async def drained(both: Pair) -> bool:
    return await both.bus.backlog(CALENDAR, "SETTLEMENT") == 0


async def test_a_replay_says_everything_again_and_changes_nothing(
    database: Database, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "PORTION", 7)
    ear = Ear()
    async with pair(database, nats_url) as both:
        async with in_background(ear.listener().run(both.reader, both.bus)):
            for number in range(20):
                await say(both.speaker, went(f"film-{number}"))
                await say(both.speaker, deadline_passed(f"film-{number}"), version=2)
            await until(lambda: len(ear.heard) == 40)
            before = await both.speaker.fetchval("SELECT max(published_at) FROM outbox")

            done = await replay.replay(
                both.speaker, service="settlement", since=None, event_type="", done_by="night"
            )

            assert done.published == 40
            assert done.is_complete
            assert done.found == {
                "settlement.deadline_passed": 20,
                "settlement.went_live": 20,
            }
            again = await both.speaker.fetchval("SELECT min(published_at) FROM outbox")
            assert again > before
            await until(lambda: drained(both))
            assert len(ear.heard) == 40
        (noted,) = await both.speaker.fetch("SELECT action, done_by FROM operator_actions")
        assert tuple(noted) == ("replay", "night")


async def test_a_replay_can_be_told_since_when_and_which(database: Database, nats_url: str) -> None:
    async with pair(database, nats_url) as both:
        await say(both.speaker, went("old"))
        await say(both.speaker, deadline_passed("new"))
        await say(both.speaker, went("new"))
        await until(lambda: all_out(both))
        newest = await both.speaker.fetchval("SELECT max(queued_at) FROM outbox")

        done = await replay.replay(
            both.speaker,
            service="settlement",
            # Ten minutes are taken off, since a row may commit after later ones.
            since=newest + timedelta(minutes=9),
            event_type="settlement.went_live",
            done_by="x",
        )
        nothing = await replay.replay(
            both.speaker,
            service="settlement",
            since=newest + timedelta(minutes=11),
            event_type="",
            done_by="x",
        )

    assert done.found == {"settlement.went_live": 2}
    assert done.published == 2
    assert nothing.found == {}


async def test_a_replay_that_nobody_publishes_says_so(database: Database, nats_url: str) -> None:
    async with pair(database, nats_url) as both:
        await say(both.speaker, went("film"))
        await until(lambda: both.speaker.fetchval("SELECT count(published_at) FROM outbox"))
    speaker = await open_pool(database.url("settlement"), schema="settlement")

    done = await replay.replay(
        speaker,
        service="settlement",
        since=None,
        event_type="",
        done_by="x",
        still_seconds=0.5,
    )

    assert not done.is_complete
    # Whoever relays next publishes it.
    assert await speaker.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL") == 1
    await speaker.close()


def test_a_moment_is_a_time_or_a_span_before_now() -> None:
    assert replay.moment("90m", NOW) == NOW - timedelta(minutes=90)
    assert replay.moment("2d", NOW) == NOW - timedelta(days=2)
    assert replay.moment("2026-05-01T12:00:00Z", NOW) == NOW
    assert replay.moment("2026-05-01T14:00:00+02:00", NOW) == NOW
    with pytest.raises(replay.BadMoment):
        replay.moment("yesterday", NOW)
