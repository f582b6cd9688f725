"""E-15: every durable is sent what it cannot read; everybody else's events go on.

What can be read and fails in its handler takes six deliveries and thirteen minutes until
it is parked; with short delays that is in tests/recovery/test_parked.py.
"""

import asyncio
import json
import math

from deploy.chaos import owner, poison
from deploy.chaos.checker import SCHEMAS
from deploy.chaos.crowd import Pledge, an_email
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.stage import until
from deploy.local import service_command

PEOPLE = 300
PER_SECOND = 20
KINDS = 20

PARKED = " UNION ALL ".join(
    f"SELECT consumer, subject FROM {schema}.parked_events"  # noqa: S608
    f" WHERE subject LIKE '%.{poison.KEY}'"
    for schema in SCHEMAS
)
# A release that writes what nobody can read, for as long as this trigger is there.
SPOIL = (
    """
    CREATE FUNCTION checkout.spoil() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.payload = substr(NEW.payload, 1, length(NEW.payload) - 1);
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER spoil BEFORE INSERT ON checkout.outbox FOR EACH ROW
    WHEN (NEW.event_type = 'checkout.completed') EXECUTE FUNCTION checkout.spoil()
    """,
)
MEND = """
    UPDATE {table} SET payload = payload || '}}'::bytea
    WHERE event_id = (SELECT event_id FROM checkout.outbox WHERE subject = '{subject}')
"""


async def act(play: Play) -> list[Measure]:
    """Figures: what was not parked, what it did to others, and what became of a retry."""
    return await story(play, people=PEOPLE)


async def story(play: Play, *, people: int) -> list[Measure]:
    """Play it with so many people before the poison, and as many meanwhile."""
    slug = await play.crowd.publish("poison", ends_in_days=5)
    before = await play.crowd.crowd(slug, people, per_second=PER_SECOND)
    meanwhile, expected = await asyncio.gather(
        play.crowd.crowd(slug, people, per_second=PER_SECOND),
        _spread(play, over_seconds=people / PER_SECOND),
    )
    parked = await _parked(play, expected)
    play.say(f"{parked} of {expected} parked")
    retried, mended = await _retried(play, slug)
    lost = sum(not each.is_persisted for each in (*before, *meanwhile))
    normal, poisoned = _p99(before), _p99(meanwhile)
    return [
        Measure("poison that is not parked", expected - parked, f"of {expected}", 0),
        Measure("kinds of it for each subject", KINDS, "", KINDS, is_floor=True),
        Measure("people without their pledge", lost, f"of {2 * people}", 0),
        Measure("p99 of a pledge meanwhile", poisoned, "s", 2 * normal, is_pace=True),
        Measure("pledges parked before the fix", int(retried), "", 1, is_floor=True),
        Measure("pledges there after the fix and a retry", int(mended), "", 1, is_floor=True),
    ]


async def _spread(play: Play, *, over_seconds: float) -> int:
    """Poison every durable with every kind; return how many rows must be parked of it."""
    nats_url = play.stage.document["nats"]
    doses = [
        (heading, kind)
        for heading in poison.aimed()
        for kind in poison.kinds(poison.type_on(heading))
    ]
    play.chance.shuffle(doses)
    for heading, kind in doses:
        await poison.spread(nats_url, heading, kind)
        play.stage.faults["poison"] += 1
        await asyncio.sleep(over_seconds / len(doses))
    return sum(len(poison.aimed()[heading]) for heading, _ in doses)


async def _parked(play: Play, expected: int) -> int:
    """Wait until all of it is parked, at most half a minute; return how much is."""
    count = f"SELECT count(*) FROM ({PARKED}) AS parked"  # noqa: S608
    for _ in range(60):
        if await owner.value(play.stage, count) >= expected:
            break
        await asyncio.sleep(0.5)
    return int(await owner.value(play.stage, count))


async def _retried(play: Play, slug: str) -> tuple[bool, bool]:
    """Spoil one pledge's event, mend it, retry; tell whether it was parked, and is there."""
    await owner.act(play.stage, *SPOIL)
    pledge = Pledge(slug, an_email())
    await play.crowd.start(pledge)
    await play.crowd.save_card(pledge)
    subject = f"checkout.completed.{pledge.order_id}"
    query = "SELECT parked_id FROM pledges.parked_events WHERE subject = $1"
    parked_id = await until(
        lambda: owner.value(play.stage, query, subject), seconds=30, what="a parked pledge"
    )
    await owner.act(
        play.stage,
        "DROP TRIGGER spoil ON checkout.outbox",
        "DROP FUNCTION checkout.spoil()",
        MEND.format(table="pledges.parked_events", subject=subject),
        MEND.format(table="checkout.outbox", subject=subject),
    )
    was_there = pledge.is_persisted
    asked = await asyncio.to_thread(
        service_command.ask,
        play.stage.data,
        "pledges",
        "parked",
        *("--retry", str(parked_id), "--json"),
    )
    play.say(f"retried: {[each['outcome'] for each in json.loads(asked.stdout or '[]')]}")
    await play.crowd.wait_persisted(pledge, seconds=30)
    return not was_there, pledge.is_persisted


def _p99(people: list[Pledge]) -> float:
    """Return the seconds that one of a hundred waited longer than."""
    times = sorted(each.seconds for each in people)
    return round(times[math.ceil(len(times) * 0.99) - 1], 2)


EXPERIMENT = Experiment(
    id="E-15",
    says="every durable is sent twenty kinds of messages that it cannot read",
    act=act,
)
