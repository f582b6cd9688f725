"""An event that cannot be applied waits for a person; whatever depends on it waits with it."""

import asyncio
import sys

import msgspec
import pytest

from contracts.api.operations import ParkedEvent
from contracts.events.settlement import CampaignWentLive, DeadlinePassed
from services.chassis.events import bus, inbox, retrying
from services.chassis.storage.database import Connection, Pool
from tests.recovery.people import (
    CALENDAR,
    Ear,
    Pair,
    deadline_passed,
    in_background,
    pair,
    publish_raw,
    say,
    until,
    went_live,
)
from tests.support.stack import Database

SUBJECT = "settlement.went_live.film"


@pytest.fixture(autouse=True)
def quick_redelivery(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six deliveries in less than a second instead of thirteen minutes."""
    monkeypatch.setattr(inbox, "DELAYS_SECONDS", (0.1,))


def headers(event_id: str, aggregate: str = "film", version: str = "1") -> dict[str, str]:
    return {
        "Nats-Msg-Id": event_id,
        "Pool-Aggregate": aggregate,
        "Pool-Aggregate-Version": version,
    }


async def parked_rows(pool: Pool) -> list[ParkedEvent]:
    return await retrying.find_all(pool)


async def given_up(pool: Pool) -> list[ParkedEvent]:
    """Return what is parked, once nothing is on its last try any more."""
    rows = await retrying.find_all(pool)
    return [] if any(row.error == inbox.LAST_TRY for row in rows) else rows


async def are_parked(both: Pair, count: int) -> bool:
    return len(await given_up(both.reader)) == count


async def somebody_waits_for_a_lock(both: Pair) -> bool:
    return bool(
        await both.reader.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
    )


async def backlog_is_empty(both: Pair) -> bool:
    return await both.bus.backlog(CALENDAR, "SETTLEMENT") == 0


async def test_later_events_of_its_aggregate_wait_behind_a_parked_one(
    database: Database, nats_url: str
) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        first = went_live("film")
        ear.poison.add(first.event_id)
        async with in_background(ear.listener().run(both.reader, both.bus)):
            await say(both.speaker, first)
            await until(lambda: given_up(both.reader))
            await say(both.speaker, deadline_passed("film"), version=2)
            await say(both.speaker, went_live("other"))
            await until(lambda: ("CampaignWentLive", "other") in ear.heard)
            await until(lambda: are_parked(both, 2))

            rows = await parked_rows(both.reader)
            assert [row.is_waiting for row in rows] == [False, True]
            assert "ValueError: this cannot be" in rows[0].error
            assert ("DeadlinePassed", "film") not in ear.heard

            ear.poison.clear()
            done = await retrying.retry(
                both.reader, [ear.listener()], rows[0].parked_id, done_by="night"
            )

        assert [each.outcome for each in done] == ["applied", "applied"]
        assert ear.heard[-2:] == [("CampaignWentLive", "film"), ("DeadlinePassed", "film")]
        assert await parked_rows(both.reader) == []
        noted = await both.reader.fetch("SELECT action, done_by FROM operator_actions")
        assert [tuple(row) for row in noted] == [("parked_retry", "night")] * 2


async def test_waiting_behind_a_parked_event_neither_loops_nor_uses_up_deliveries(
    database: Database, nats_url: str
) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        await publish_raw(nats_url, SUBJECT, b"{not json", headers("poison"))
        async with in_background(ear.listener().run(both.reader, both.bus)):
            await until(lambda: given_up(both.reader))
            for version in range(2, 12):
                await say(both.speaker, deadline_passed("film"), version=version)
            await until(lambda: are_parked(both, 11))
            await until(lambda: backlog_is_empty(both))
            await asyncio.sleep(0.5)

        rows = await parked_rows(both.reader)
        assert ear.tried == []
        assert [row.is_waiting for row in rows] == [False] + [True] * 10
        assert {row.deliveries for row in rows} == {1}
        assert [row.aggregate_version for row in rows] == list(range(1, 12))


async def test_an_earlier_event_does_not_wait_behind_a_later_one(
    database: Database, nats_url: str
) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        await publish_raw(nats_url, SUBJECT, b"\xff", headers("poison", version="5"))
        async with in_background(ear.listener().run(both.reader, both.bus)):
            await until(lambda: given_up(both.reader))
            await say(both.speaker, went_live("film"), version=4)

            await until(lambda: ear.heard == [("CampaignWentLive", "film")])


async def test_a_copy_of_a_parked_event_changes_nothing(database: Database, nats_url: str) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        event = went_live("film")
        ear.poison.add(event.event_id)
        async with in_background(ear.listener().run(both.reader, both.bus)):
            await say(both.speaker, event)
            await until(lambda: given_up(both.reader))
            tries = len(ear.tried)
            copy = headers(event.event_id)
            # The bus itself would recognise the same id for two minutes.
            copy["Nats-Msg-Id"] = "copy"
            await publish_raw(nats_url, SUBJECT, msgspec.json.encode(event), copy)
            await until(lambda: backlog_is_empty(both))

        assert len(ear.tried) == tries == inbox.DELIVERIES_MAX
        (row,) = await parked_rows(both.reader)
        assert "ValueError" in row.error


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"type":"settlement.from_the_future"}',
        b"\0",
    ],
    ids=["empty", "cut", "list", "no utf-8", "deep", "unknown type", "nul"],
)
async def test_what_cannot_be_read_is_parked_at_once_and_nothing_stops(
    database: Database, nats_url: str, payload: bytes
) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        await publish_raw(nats_url, SUBJECT, payload, {"Odd": "a\x00b", "Pool-Aggregate": ""})
        await say(both.speaker, went_live("other"))
        async with in_background(ear.listener().run(both.reader, both.bus)):
            await until(lambda: ear.heard)
            (row,) = await until(lambda: given_up(both.reader))

        assert row.aggregate_id == ""
        assert row.event_id.startswith("SETTLEMENT:")
        kept = await both.reader.fetchval("SELECT payload FROM parked_events")
        assert kept == payload


async def test_a_retry_that_fails_again_stays_parked_and_says_why(
    database: Database, nats_url: str
) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        event = went_live("film")
        ear.poison.add(event.event_id)
        async with in_background(ear.listener().run(both.reader, both.bus)):
            await say(both.speaker, event)
            (row,) = await until(lambda: given_up(both.reader))

        (outcome,) = await retrying.retry(
            both.reader, [ear.listener()], row.parked_id, done_by="night"
        )

        assert outcome.error == "ValueError: this cannot be"
        (again,) = await parked_rows(both.reader)
        assert again.deliveries == row.deliveries + 1
        assert await both.reader.fetchval("SELECT count(*) FROM inbox") == 0


async def test_those_that_wait_cannot_be_retried_before_the_one_they_wait_for(
    database: Database, nats_url: str
) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        await publish_raw(nats_url, SUBJECT, b"{", headers("poison"))
        async with in_background(ear.listener().run(both.reader, both.bus)):
            await until(lambda: given_up(both.reader))
            await say(both.speaker, deadline_passed("film"), version=2)
            await until(lambda: are_parked(both, 2))
        first, second = await parked_rows(both.reader)

        with pytest.raises(retrying.CannotRetry, match=f"behind {first.parked_id}"):
            await retrying.retry(both.reader, [ear.listener()], second.parked_id, done_by="x")


async def test_an_event_that_comes_during_a_retry_is_neither_lost_nor_left_waiting(
    database: Database, nats_url: str
) -> None:
    ear, began, slow = Ear(), asyncio.Event(), asyncio.Event()
    async with pair(database, nats_url) as both:
        event = went_live("film")
        ear.poison.add(event.event_id)
        async with in_background(ear.listener().run(both.reader, both.bus)):
            await say(both.speaker, event)
            (row,) = await until(lambda: given_up(both.reader))
            ear.poison.clear()

            class Slow(Ear):
                async def hear(self, *given: object) -> None:
                    began.set()
                    await slow.wait()

            running = asyncio.create_task(
                retrying.retry(both.reader, [Slow().listener()], row.parked_id, done_by="x")
            )
            await until(began.is_set)
            await say(both.speaker, deadline_passed("film"), version=2)
            await until(lambda: somebody_waits_for_a_lock(both))
            slow.set()
            await running

            await until(lambda: ("DeadlinePassed", "film") in ear.heard)
        assert await parked_rows(both.reader) == []


async def test_a_retry_waits_for_the_last_try_that_is_under_way(
    database: Database, nats_url: str
) -> None:
    came_back, goes_on = asyncio.Event(), asyncio.Event()

    class Slow(Ear):
        async def hear(self, conn: Connection, event: CampaignWentLive | DeadlinePassed) -> None:
            if len(self.tried) == inbox.DELIVERIES_MAX - 1:
                came_back.set()
                await goes_on.wait()
                self.poison.clear()
            await super().hear(conn, event)

    ear = Slow()
    async with pair(database, nats_url) as both:
        event = went_live("film")
        ear.poison.add(event.event_id)
        async with in_background(ear.listener().run(both.reader, both.bus)):
            await say(both.speaker, event)
            await until(came_back.is_set)
            (row,) = await parked_rows(both.reader)
            running = asyncio.create_task(
                retrying.retry(both.reader, [ear.listener()], row.parked_id, done_by="night")
            )
            await until(lambda: somebody_waits_for_a_lock(both))
            goes_on.set()

            with pytest.raises(retrying.CannotRetry, match="is done already"):
                await running
            assert ear.heard == [("CampaignWentLive", "film")]


async def test_an_event_that_kills_its_process_is_parked_and_none_of_its_company_is(
    database: Database, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "ACK_WAIT_SECONDS", 1)
    deaths = 0
    async with pair(database, nats_url) as both:
        for number in range(10):
            await say(both.speaker, went_live(f"before-{number}"))
        killer = await say(both.speaker, went_live("killer"))
        for number in range(10):
            await say(both.speaker, went_live(f"after-{number}"))

        async def restart_for_ever() -> None:
            nonlocal deaths
            while True:
                command = (sys.executable, "-m", "tests.recovery.killer")
                urls = (database.url("site"), nats_url)
                process = await asyncio.create_subprocess_exec(*command, *urls)
                try:
                    await process.wait()
                finally:
                    if process.returncode is None:
                        process.kill()
                        await process.wait()
                deaths += 1

        async with in_background(restart_for_ever()):
            await until(lambda: backlog_is_empty(both), seconds=90)

        (row,) = await parked_rows(both.reader)
        assert row.event_id == killer
        assert row.error == inbox.LAST_TRY
        assert await both.reader.fetchval("SELECT count(*) FROM inbox") == 20
    assert deaths == inbox.DELIVERIES_MAX
