"""The inbox: delivered at least once, applied exactly once, never dropped in silence."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import msgspec
import nats
import pytest

from contracts.events.base import Event
from contracts.events.settlement import DeadlinePassed, SettlementSettled
from contracts.ids import CampaignSlug
from contracts.streams import CONSUMERS, STREAMS, consumer
from deploy.chaos.proxy import Faults, Proxy
from services.chassis.events import inbox, outbox
from services.chassis.events.bus import Bus
from services.chassis.events.early import NotYet
from services.chassis.events.outbox import new_event_id
from services.chassis.storage.database import Connection, Pool, open_pool
from tests.chassis import toy
from tests.chassis.conftest import ToyDatabase
from tests.chassis.toy import FIRST_DEADLINE, HEARD_BY, listener
from tests.contracts.samples import SAMPLES

SUBJECT = "settlement.deadline_passed.toy"


def an_event(what: str) -> DeadlinePassed:
    return DeadlinePassed(
        event_id=new_event_id(),
        occurred_at=FIRST_DEADLINE,
        campaign=CampaignSlug(what),
        deadline_at=FIRST_DEADLINE,
    )


class Voice:
    """Publishes to the stream as its owner would, or as nobody should."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def say(
        self, event: DeadlinePassed | bytes, *, message_id: str = "", aggregate: str = ""
    ) -> None:
        client = await nats.connect(self._url)
        headers = {
            "Nats-Msg-Id": message_id or secrets.token_hex(8),
            **({"Pool-Aggregate": aggregate} if aggregate else {}),
        }
        raw = event if isinstance(event, bytes) else msgspec.json.encode(event)
        await client.jetstream().publish(SUBJECT, raw, headers=headers)
        await client.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time, not behaviour: what takes minutes in production takes moments here."""
    monkeypatch.setattr(inbox, "DELAYS_SECONDS", (0.05, 0.05, 0.05, 0.05, 0.05))


@contextlib.asynccontextmanager
async def listening(
    pool: Pool, nats_url: str, ear: inbox.Listener | None = None
) -> AsyncIterator[Voice]:
    """Run the toy's listener for a while, or another, with a bus of its own."""
    bus = Bus(nats_url, name="toy", streams=STREAMS, consumers=CONSUMERS)
    tasks = [asyncio.create_task(bus.run())]
    await bus.ready()
    tasks.append(asyncio.create_task((ear or listener()).run(pool, bus)))
    try:
        yield Voice(nats_url)
    finally:
        left = set(tasks)
        while left:
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=0.2)


async def count(owner: Connection, query: str, wanted: int, *, seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while (found := await owner.fetchval(query)) != wanted:
        assert time.monotonic() < limit, f"{query}: {found}, not {wanted}"
        await asyncio.sleep(0.02)


HEARD = "SELECT count(*) FROM heard"
PARKED = f"""
    SELECT count(*) FROM parked_events
    WHERE resolved_at IS NULL AND error <> '{inbox.LAST_TRY}'
"""


async def test_the_same_bytes_are_applied_once_with_or_without_the_same_message_id(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    event, after = an_event("same"), an_event("after")
    async with listening(pool, nats_url) as voice:
        for number in range(6):
            await voice.say(event, message_id="the-same" if number % 2 else "")
        await voice.say(after)
        await count(owner, HEARD, 2)

    rows = await owner.fetch("SELECT event_id FROM heard ORDER BY heard_id")
    assert [row["event_id"] for row in rows] == [event.event_id, after.event_id]
    assert await owner.fetchval(PARKED) == 0


async def test_a_poison_is_tried_six_times_parked_and_holds_up_nobody_else(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    poison = an_event("poison")
    async with listening(pool, nats_url) as voice:
        await voice.say(poison, aggregate="a", message_id=poison.event_id)
        await voice.say(an_event("healthy"), aggregate="b")
        await count(owner, HEARD, 1)
        # It is kept before its last try, and says only afterwards what that came to.
        await count(owner, f"{PARKED} AND error LIKE 'ValueError%'", 1)

    row = await owner.fetchrow("SELECT event_id, deliveries, error, payload FROM parked_events")
    assert row is not None
    assert (row["event_id"], row["deliveries"]) == (poison.event_id, 6)
    assert "ValueError: poison" in row["error"]
    assert row["payload"] == msgspec.json.encode(poison)


async def test_what_is_no_event_is_parked_at_once(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    async with listening(pool, nats_url) as voice:
        await voice.say(b"\xff\x00 not json")
        await voice.say(b'{"type":"settlement.deadline_passed"}')
        await voice.say(b"[" * 200_000)
        await voice.say(an_event("healthy"))
        await count(owner, HEARD, 1)
        await count(owner, PARKED, 3)


async def test_what_is_too_early_comes_again(pool: Pool, owner: Connection, nats_url: str) -> None:
    times = 0

    async def hear(conn: Connection, event: DeadlinePassed) -> None:
        nonlocal times
        times += 1
        if times < 3:
            raise NotYet("not yet")
        await conn.execute(
            "INSERT INTO heard (event_id, what, heard_at) VALUES ($1, $2, platform.now())",
            event.event_id,
            event.campaign,
        )

    async with listening(pool, nats_url, listener(hear)) as voice:
        await voice.say(an_event("early"))
        await count(owner, HEARD, 1)

    assert times == 3
    assert await owner.fetchval(PARKED) == 0


async def test_one_fault_in_a_batch_takes_nobody_with_it(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    bus = Bus(nats_url, name="toy", streams=STREAMS, consumers=CONSUMERS)
    running = asyncio.create_task(bus.run())
    await bus.ready()
    for number in range(40):
        await Voice(nats_url).say(an_event("poison" if number == 20 else f"event {number}"))
    while not running.done():
        running.cancel()
        await asyncio.wait([running], timeout=0.2)

    async with listening(pool, nats_url):
        await count(owner, HEARD, 39)
        await count(owner, PARKED, 1)


class Together:
    """Hears many events by one call, and can be told to fail."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    async def hear(self, conn: Connection, events: Sequence[Any]) -> None:
        self.sizes.append(len(events))
        await outbox.append_all(
            conn,
            [
                outbox.Entry(
                    event=an_event(f"after {event.campaign}"),
                    key="toy",
                    aggregate=event.campaign,
                    version=1,
                    caused_by=event.event_id,
                )
                for event in events
            ],
        )
        for event in events:
            await toy.hear(conn, event)

    def listener(self, gather_seconds: float = 0) -> inbox.Listener:
        kinds = dict.fromkeys((DeadlinePassed, SettlementSettled), self.hear)
        return listener(together=kinds, gather_seconds=gather_seconds)


def delivered(event: Event, correlation: str) -> Any:
    """Return the message as the bus hands it over, answered into nowhere."""
    return Delivered(msgspec.json.encode(event), correlation, event.event_id)


class Delivered:
    """A message that remembers how it was answered."""

    def __init__(self, data: bytes, correlation: str, event_id: str) -> None:
        self.data = data
        self.subject = SUBJECT
        self.headers = {
            "Nats-Msg-Id": event_id,
            "Pool-Aggregate": event_id,
            "Pool-Correlation": correlation,
        }
        self.metadata = SimpleNamespace(num_delivered=1)
        self.answers: list[str] = []

    async def ack(self) -> None:
        self.answers.append("ack")

    async def nak(self, delay: float = 0) -> None:
        self.answers.append("nak")

    async def in_progress(self) -> None:
        self.answers.append("in progress")


class Witnessed(Delivered):
    """A message that notes what others could see of its work when it was acked."""

    def __init__(self, event: DeadlinePassed, owner: Connection) -> None:
        super().__init__(msgspec.json.encode(event), "", event.event_id)
        self._owner = owner
        self.seen: list[int] = []

    async def ack(self) -> None:
        self.seen.append(await self._owner.fetchval(HEARD))


async def test_a_message_is_acked_when_its_work_is_committed_and_not_before(
    pool: Pool, owner: Connection
) -> None:
    message: Any = Witnessed(an_event("seen"), owner)

    await listener().consume(pool, [message])

    assert message.seen == [1]


async def test_many_of_a_kind_are_applied_by_one_call_and_each_keeps_its_cause(
    pool: Pool, owner: Connection
) -> None:
    together = Together()
    events = [an_event(f"event {number}") for number in range(20)]
    messages = [delivered(each, f"request-{number}") for number, each in enumerate(events)]

    await together.listener().consume(pool, messages)
    await together.listener().consume(pool, messages)

    assert together.sizes == [20]
    assert all(each.answers == ["ack", "ack"] for each in messages)
    assert await owner.fetchval(HEARD) == 20
    told = await owner.fetch("SELECT headers FROM outbox ORDER BY outbox_id")
    headers = [msgspec.json.decode(row["headers"]) for row in told]
    assert [each["Pool-Causation"] for each in headers] == [each.event_id for each in events]
    assert [each["Pool-Correlation"] for each in headers] == [f"request-{n}" for n in range(20)]


async def test_neighbours_of_two_kinds_that_one_function_applies_are_one_call(
    pool: Pool, owner: Connection
) -> None:
    together = Together()
    settled = next(each for each in SAMPLES if isinstance(each, SettlementSettled))
    events = [an_event("first"), settled, an_event("last")]

    await together.listener().consume(pool, [delivered(each, "") for each in events])

    rows = await owner.fetch("SELECT what FROM heard ORDER BY heard_id")
    assert together.sizes == [3]
    assert [row["what"] for row in rows] == ["first", settled.campaign, "last"]


async def test_what_comes_within_a_moment_is_applied_together(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    together = Together()
    async with listening(pool, nats_url, together.listener(gather_seconds=1)) as voice:
        for number in range(5):
            await voice.say(an_event(f"event {number}"), aggregate=str(number))
            await asyncio.sleep(0.02)
        await count(owner, HEARD, 5)
        await voice.say(an_event("alone"))
        await count(owner, HEARD, 6)

    assert together.sizes == [5]


async def test_a_batch_with_a_bad_one_is_taken_apart(pool: Pool, owner: Connection) -> None:
    together = Together()
    words = ["poison" if number == 7 else f"event {number}" for number in range(20)]
    messages = [delivered(an_event(word), "") for word in words]

    await together.listener().consume(pool, messages)

    assert together.sizes == [20]
    assert [each.answers for each in messages] == [
        ["nak"] if word == "poison" else ["ack"] for word in words
    ]
    assert await owner.fetchval(HEARD) == 19
    # What the batch had said is not said: it was taken back with the rest of it.
    assert await owner.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_database_that_is_away_uses_up_no_delivery(
    toy_database: ToyDatabase, owner: Connection, nats_url: str
) -> None:
    parts = urlsplit(toy_database.url)
    assert parts.hostname is not None
    assert parts.port is not None
    target = (parts.hostname, parts.port)
    async with Proxy(lambda: target).running() as proxy:
        address = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{proxy.port}"
        away = await open_pool(parts._replace(netloc=address).geturl(), schema="toy", size_max=3)
        async with listening(away, nats_url) as voice:
            await voice.say(an_event("before"))
            await count(owner, HEARD, 1)
            proxy.faults = Faults(refuses=True)
            proxy.cut()
            for number in range(5):
                await voice.say(an_event(f"meanwhile {number}"))
            await asyncio.sleep(3)
            proxy.heal()
            await count(owner, HEARD, 6)
        away.terminate()

    assert await owner.fetchval("SELECT count(*) FROM parked_events") == 0


async def test_two_processes_of_one_service_share_the_work(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    async with listening(pool, nats_url) as voice, listening(pool, nats_url):
        for number in range(60):
            await voice.say(an_event(f"event {number}"))
        await count(owner, HEARD, 60)

    assert await owner.fetchval("SELECT count(DISTINCT event_id) FROM heard") == 60


def test_a_listener_without_a_handler_for_what_it_hears_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="without handler"):
        inbox.Listener(consumer(HEARD_BY), {})
