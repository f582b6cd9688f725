"""What can befall any service, caused to the ledger: alone with its Postgres and its NATS."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from nats.js import JetStreamContext

from contracts.events.settlement import DeadlinePassed
from contracts.subjects import subject
from tests.alerts.alone import Alone, on_the_bus, running, say, sql
from tests.alerts.conftest import SceneOf
from tests.alerts.watch import Watch
from tests.support.stack import Database, Servers

NOT_AN_EVENT = b"no event at all"
pytestmark = pytest.mark.timeout(300)

EVENT_BYTES = 300_000
"""More than the bus takes: 256 KiB."""


class Place(NamedTuple):
    """The ledger and what it stands on."""

    ledger: Alone
    watch: Watch
    database: Database
    nats_url: str
    servers: Servers


@pytest.fixture(scope="module")
def place(servers: Servers) -> Iterator[Place]:
    """One ledger for all of these scenes: each leaves it as it was."""
    database, nats_url = servers.fresh_database(), servers.fresh_bus()
    settings = {"DATABASE_URL": database.url("pledges"), "NATS_URL": nats_url}
    with running("pledges", "all", **settings) as ledger:
        watch = Watch(lambda: {"pledges": ledger.url})
        yield Place(ledger, watch, database, nats_url, servers)
        watch.close()
    servers.drop(database)


def queue(place: Place, body: str, *, age: str = "0 s") -> None:
    """Put an event into the outbox, as old as that."""
    sql(
        place.database.owner_url,
        f"""
        INSERT INTO pledges.outbox (event_id, subject, event_type, aggregate_id,
                                    aggregate_version, payload, headers, queued_at)
        SELECT id, 'pledges.totals_changed.' || id, 'pledges.totals_changed', id, 1, {body},
               jsonb_build_object('Nats-Msg-Id', id), clock_timestamp() - interval '{age}'
        FROM (SELECT gen_random_uuid()::text AS id) AS fresh
        """,
    )


@pytest.mark.alert("ProcessGone")
def test_a_process_hangs(place: Place, scene_of: SceneOf) -> None:
    scene = scene_of(place.watch)
    scene.calm()

    with place.ledger.frozen():
        scene.trouble()
    scene.mended()


@pytest.mark.alert("EventTooLarge")
def test_an_event_is_larger_than_the_bus_takes(place: Place, scene_of: SceneOf) -> None:
    scene = scene_of(place.watch)
    scene.calm()

    queue(place, f"repeat('x', {EVENT_BYTES})::bytea")
    scene.trouble()
    sql(place.database.owner_url, "DELETE FROM pledges.outbox WHERE length(payload) > 200000")
    scene.mended()


@pytest.mark.alert("StreamFillsUp")
def test_nobody_listens_to_a_stream(place: Place, scene_of: SceneOf) -> None:
    scene = scene_of(place.watch)
    scene.calm()

    async def make_small(stream: JetStreamContext) -> None:
        config = (await stream.stream_info("PLEDGES")).config
        config.max_bytes = 400_000
        await stream.update_stream(config)

    async def empty(stream: JetStreamContext) -> None:
        await stream.purge_stream("PLEDGES")

    on_the_bus(place.nats_url, make_small)
    say(place.nats_url, "pledges.totals_changed.nobody", *[b"x" * 60_000] * 5)
    scene.trouble()
    on_the_bus(place.nats_url, empty)
    scene.mended()


@pytest.mark.alert("EventParked")
def test_something_comes_that_is_no_event(place: Place, scene_of: SceneOf) -> None:
    scene = scene_of(place.watch)
    scene.calm()

    say(place.nats_url, subject(DeadlinePassed, "nobody"), NOT_AN_EVENT)
    scene.trouble_once()
    scene.mended()
