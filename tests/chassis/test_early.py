"""What is right and comes too early waits for what it needs, and for nobody to help it."""

import pytest

from contracts.events.settlement import DeadlinePassed
from contracts.streams import consumer
from services.chassis.events import early, inbox
from services.chassis.events.early import NotYet
from services.chassis.storage.database import Connection, Pool
from tests.chassis import toy
from tests.chassis.test_inbox import HEARD, an_event, count, listening
from tests.chassis.toy import HEARD_BY, listener

EARLY = "SELECT count(*) FROM parked_events WHERE resolved_at IS NULL AND try_again_at IS NOT NULL"
PARKED = "SELECT count(*) FROM parked_events WHERE resolved_at IS NULL AND try_again_at IS NULL"


class Needy:
    """Hears nothing before it has heard what it needs."""

    needed = "needed"

    def __init__(self) -> None:
        self.tries = 0
        self.fault: Exception | None = None

    async def hear(self, conn: Connection, event: DeadlinePassed) -> None:
        self.tries += 1
        if self.fault is not None:
            raise self.fault
        known = await conn.fetchval("SELECT count(*) FROM heard WHERE what = $1", self.needed)
        if not known and event.campaign != self.needed:
            raise NotYet(f"nothing is known of {event.campaign}")
        await toy.hear(conn, event)

    def listener(self) -> inbox.Listener:
        return listener(self.hear)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time, not behaviour: what takes minutes in production takes moments here."""
    monkeypatch.setattr(inbox, "DELAYS_SECONDS", (0.05,))
    monkeypatch.setattr(inbox, "FETCH_SECONDS", 0.1)
    monkeypatch.setattr(early, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(early, "DELAY_SECONDS_MIN", 0.01)
    monkeypatch.setattr(early, "DELAY_SECONDS_MAX", 0.01)


async def is_kept(owner: Connection) -> None:
    await count(owner, EARLY, 1)


async def test_it_is_tried_more_often_than_any_fault_and_is_applied_when_it_can_be(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    ear = Needy()
    async with listening(pool, nats_url, ear.listener()) as voice:
        await voice.say(an_event("hasty"))
        await is_kept(owner)
        tries = ear.tries
        while ear.tries < tries + 2 * inbox.DELIVERIES_MAX:
            await count(owner, PARKED, 0)
        await voice.say(an_event(Needy.needed))
        await count(owner, HEARD, 2)
        await count(owner, EARLY, 0)

    assert tries == early.ON_THE_BUS
    assert await owner.fetchval(PARKED) == 0
    noted = await owner.fetch("SELECT details ->> 'outcome' AS said FROM operator_actions")
    assert [row["said"] for row in noted] == ["applied"]


async def test_any_number_of_them_keeps_out_nothing_they_wait_for(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    many = consumer(HEARD_BY).ack_pending_max + 6
    async with listening(pool, nats_url, Needy().listener()) as voice:
        for number in range(many):
            await voice.say(an_event(f"hasty {number}"))
        await voice.say(an_event(Needy.needed))
        await count(owner, HEARD, many + 1)

    assert await owner.fetchval(PARKED) == 0


async def test_later_events_of_its_aggregate_come_after_it(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    async with listening(pool, nats_url, Needy().listener()) as voice:
        await voice.say(an_event("first"), aggregate="a")
        await is_kept(owner)
        await voice.say(an_event("second"), aggregate="a")
        await count(owner, "SELECT count(*) FROM parked_events WHERE is_waiting", 1)
        await voice.say(an_event(Needy.needed), aggregate="b")
        await count(owner, HEARD, 3)

    rows = await owner.fetch("SELECT what FROM heard ORDER BY heard_id")
    assert [row["what"] for row in rows] == [Needy.needed, "first", "second"]


async def test_a_copy_of_it_changes_nothing(pool: Pool, owner: Connection, nats_url: str) -> None:
    event = an_event("hasty")
    async with listening(pool, nats_url, Needy().listener()) as voice:
        await voice.say(event, message_id=event.event_id)
        await is_kept(owner)
        await voice.say(event)
        await voice.say(an_event(Needy.needed))
        await count(owner, HEARD, 2)

    assert await owner.fetchval("SELECT count(*) FROM parked_events") == 1
    assert await owner.fetchval(PARKED) == 0


async def test_what_it_waits_for_did_not_come_within_a_day_then_a_person_is_asked(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    async with listening(pool, nats_url, Needy().listener()) as voice:
        await voice.say(an_event("hasty"))
        await is_kept(owner)
        await owner.execute("UPDATE parked_events SET parked_at = parked_at - interval '24 hours'")
        await count(owner, PARKED, 1)

    assert await owner.fetchval("SELECT error FROM parked_events") == (
        "NotYet: nothing is known of hasty"
    )


async def test_a_fault_of_its_own_parks_it(pool: Pool, owner: Connection, nats_url: str) -> None:
    ear = Needy()
    async with listening(pool, nats_url, ear.listener()) as voice:
        await voice.say(an_event("hasty"))
        await is_kept(owner)
        ear.fault = ValueError("not like this")
        await count(owner, PARKED, 1)

    assert await owner.fetchval("SELECT error FROM parked_events") == "ValueError: not like this"


async def test_one_that_ends_its_process_is_left_to_a_person(
    pool: Pool, owner: Connection, nats_url: str
) -> None:
    ear = Needy()
    async with listening(pool, nats_url, ear.listener()) as voice:
        await voice.say(an_event("hasty"))
        await is_kept(owner)
    # As so many processes leave it that died over it.
    await owner.execute(
        "UPDATE parked_events SET open_tries = $1, try_again_at = clock_timestamp()",
        early.OPEN_TRIES_MAX,
    )
    tries = ear.tries
    async with listening(pool, nats_url, ear.listener()):
        await count(owner, PARKED, 1)

    assert ear.tries == tries
    assert await owner.fetchval("SELECT error FROM parked_events") == early.NO_END
