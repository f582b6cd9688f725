"""A parked event is looked at, corrected or given up by a person, once, with a note of it."""

import asyncio
import hashlib

import msgspec
import pytest

from contracts.api.operations import ParkedDetail, Watched
from contracts.refusals import InputRefused, NotFound, StateRefused
from services.chassis.events import correcting, inbox, retrying, watching
from services.chassis.events.bus import Bus
from services.chassis.events.inbox import Listener
from services.chassis.storage.database import Pool, open_pool, transaction
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


async def broken(both: Pair, nats_url: str, ear: Ear) -> tuple[int, str, bytes]:
    """Park an event that was cut in the middle; return its number, its id and all of it."""
    event = went_live("film")
    whole = msgspec.json.encode(event)
    envelope = {
        "Nats-Msg-Id": event.event_id,
        "Pool-Aggregate": "film",
        "Pool-Aggregate-Version": "1",
    }
    await publish_raw(nats_url, SUBJECT, whole[:-9], envelope)
    async with in_background(ear.listener().run(both.reader, both.bus)):
        (row,) = await until(lambda: retrying.find_all(both.reader))
    return row.parked_id, event.event_id, whole


async def look(pool: Pool, listeners: list[Listener], parked_id: int) -> ParkedDetail:
    async with transaction(pool) as conn:
        return await correcting.find(conn, listeners, parked_id)


async def fix(pool: Pool, ear: Ear, parked_id: int, payload: bytes, digest: str) -> None:
    async with transaction(pool) as conn:
        await correcting.fix(
            conn,
            [ear.listener()],
            parked_id,
            payload=payload.decode(),
            digest=digest,
            done_by="night",
        )


async def actions(pool: Pool) -> list[str]:
    rows = await pool.fetch("SELECT action FROM operator_actions ORDER BY action_id")
    return [row["action"] for row in rows]


async def test_a_corrected_event_is_applied_by_its_retry_with_what_waited_behind_it(
    database: Database, nats_url: str
) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        parked_id, event_id, whole = await broken(both, nats_url, ear)
        async with in_background(ear.listener().run(both.reader, both.bus)):
            await say(both.speaker, deadline_passed("film"), version=2)
            await until(lambda: both.reader.fetchval("SELECT count(*) = 2 FROM parked_events"))
        found = await look(both.reader, [ear.listener()], parked_id)
        assert found.payload == whole[:-9].decode()
        assert found.cannot_fix == ""

        await fix(both.reader, ear, parked_id, whole, found.digest)
        # Once more, as after a lost answer, it changes nothing; another one is refused.
        await fix(both.reader, ear, parked_id, whole, found.digest)
        with pytest.raises(StateRefused, match="conflict"):
            await fix(both.reader, ear, parked_id, whole + b" ", found.digest)
        done = await retrying.retry(both.reader, [ear.listener()], parked_id, done_by="night")

        assert [each.outcome for each in done] == ["applied", "applied"]
        assert ear.heard == [("CampaignWentLive", "film"), ("DeadlinePassed", "film")]
        assert await actions(both.reader) == ["parked_fix", "parked_retry", "parked_retry"]
        shown = await look(both.reader, [ear.listener()], parked_id)
        assert shown.was_fixed
        assert shown.resolved_at is not None
        row = await both.reader.fetchrow(
            "SELECT payload, fixed_by FROM parked_events WHERE parked_id = $1", parked_id
        )
        assert row is not None
        assert (row["payload"], row["fixed_by"]) == (whole[:-9], "night")
        assert await both.reader.fetchval(
            "SELECT count(*) FROM inbox WHERE event_id = $1", event_id
        )


async def test_a_correction_is_the_same_event_and_one_that_can_be_read(
    database: Database, nats_url: str
) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        parked_id, event_id, whole = await broken(both, nats_url, ear)
        digest = hashlib.sha256(whole[:-9]).hexdigest()
        another = msgspec.json.encode(went_live("film"))
        unknown = whole.replace(b"settlement.went_live", b"settlement.no_such_thing")
        for payload, said in (
            (whole[:-3], "truncated"),
            (unknown, "Invalid value"),
            (another, f"has to stay {event_id}"),
            (whole + b" " * correcting.FIX_BYTES_MAX, "too long"),
        ):
            with pytest.raises(InputRefused) as refused:
                await fix(both.reader, ear, parked_id, payload, digest)
            assert said in refused.value.fields["payload"]

        found = await look(both.reader, [ear.listener()], parked_id)
        assert not found.was_fixed
        assert await actions(both.reader) == []


async def test_an_event_that_is_given_up_stays_away_and_lets_the_others_pass(
    database: Database, nats_url: str
) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        event = went_live("film")
        ear.poison.add(event.event_id)
        async with in_background(ear.listener().run(both.reader, both.bus)):
            await say(both.speaker, event)
            (row,) = await until(lambda: retrying.find_all(both.reader))
            await say(both.speaker, deadline_passed("film"), version=2)
            await until(lambda: both.reader.fetchval("SELECT count(*) = 2 FROM parked_events"))

            done = await correcting.give_up(
                both.reader, [ear.listener()], row.parked_id, because="a test", done_by="night"
            )

            assert [each.outcome for each in done] == [correcting.GIVEN_UP, "applied"]
            with pytest.raises(retrying.CannotRetry, match="is done already"):
                await correcting.give_up(
                    both.reader, [ear.listener()], row.parked_id, because="again", done_by="night"
                )
            ear.poison.clear()
            await both.speaker.execute("UPDATE outbox SET published_at = NULL")
            last = await say(both.speaker, went_live("another"))
            await until(lambda: ("CampaignWentLive", "another") in ear.heard)

        assert ("CampaignWentLive", "film") not in ear.heard
        assert last in ear.tried
        assert await retrying.find_all(both.reader) == []
        assert await actions(both.reader) == ["parked_given_up", "parked_retry"]


async def test_what_is_as_good_as_a_key_is_shown_to_nobody(
    database: Database, nats_url: str
) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        for number, (subject, payload) in enumerate(
            (
                ("admin.sign_in_asked.x", b'{"token":"secret"}'),
                (SUBJECT, b"\xff\xfe"),
                (SUBJECT, b" " * (correcting.FIX_BYTES_MAX + 1)),
            )
        ):
            await both.reader.execute(
                """
                INSERT INTO parked_events
                    (consumer, subject, event_id, payload, headers, error, deliveries)
                VALUES ($1, $2, $3, $4, '{}', 'x', 6)
                """,
                CALENDAR,
                subject,
                f"e{number}",
                payload,
            )
        ids = [each.parked_id for each in await retrying.find_all(both.reader)]
        found = [await look(both.reader, [ear.listener()], each) for each in ids]

        assert [(each.payload is None, each.cannot_fix) for each in found] == [
            (True, correcting.SECRET),
            (True, correcting.NO_TEXT),
            (False, correcting.TOO_LONG),
        ]
        assert (await look(both.reader, [], ids[2])).cannot_fix == correcting.TOO_LONG
        for each in found:
            with pytest.raises(StateRefused, match="cannot_fix"):
                await fix(both.reader, ear, each.event.parked_id, b"{}", each.digest)
        with pytest.raises(NotFound):
            await look(both.reader, [ear.listener()], 10_000)
        async with transaction(both.reader) as conn:
            first = await correcting.list_page(conn, after=0, limit=2)
            rest = await correcting.list_page(conn, after=first.next_after or 0, limit=2)
        assert [each.parked_id for each in (*first.events, *rest.events)] == ids
        assert (first.next_after, rest.next_after) == (ids[1], None)


async def test_a_service_tells_what_it_has_not_said_and_not_heard(
    database: Database, nats_url: str
) -> None:
    ear = Ear()
    async with pair(database, nats_url) as both:
        await broken(both, nats_url, ear)
        for _ in range(3):
            await say(both.speaker, went_live("another"))

        async def told() -> Watched | None:
            seen = await watching.look(both.reader, both.bus, "site")
            pending = {each.durable: each.pending for each in seen.queues}
            return seen if pending[CALENDAR] == 3 else None

        seen = await until(told)

        assert (seen.parked.parked, seen.parked.behind, seen.parked.early) == (1, 0, 0)
        assert {each.durable for each in seen.queues} == {
            "site-stock",
            "site-totals",
            "site-calendar",
        }
        # Nobody answers: a queue of which nothing is known is not an empty one.
        away = Bus("nats://127.0.0.1:1", name="site", streams=(), consumers=())
        unknown = await watching.look(both.reader, away, "site")
        assert {each.pending for each in unknown.queues} == {None}


async def test_an_outbox_that_is_not_emptied_has_an_age(database: Database) -> None:
    speaker = await open_pool(database.url("settlement"), schema="settlement")
    await say(speaker, went_live("film"))
    away = Bus("nats://127.0.0.1:1", name="settlement", streams=(), consumers=())
    await asyncio.sleep(1.1)

    seen = await watching.look(speaker, away, "settlement")

    assert (seen.outbox.waiting, seen.outbox.oldest_seconds) == (1, 1)
    await speaker.close()
