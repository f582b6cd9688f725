"""NATS: each service's account tries every subject that is another's, or nobody's."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import nats
import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext

from contracts.streams import CONSUMERS, STREAMS, consumer, hearing, owned_by
from contracts.subjects import BROADCASTS, QUOTE, REQUESTS, subject
from deploy.local.layout import SERVICES
from deploy.local.permissions import PAYLOAD_BYTES_MAX, may_publish
from services.chassis.events.bus import Bus
from tests.support.stack import Servers
from tests.support.topology import declare_everything

SETTLE_SECONDS = 0.3
of_every_service = pytest.mark.parametrize("service", SERVICES)


class Account:
    """A client that remembers what it was refused."""

    def __init__(self, client: Client, refused: list[str]) -> None:
        self.client = client
        self.refused = refused

    async def try_publishing(self, subjects: list[str], payload: bytes = b"{}") -> set[str]:
        """Publish to each; return those that were refused, in lower case as NATS says them."""
        self.refused.clear()
        for each in subjects:
            await self.client.publish(each, payload)
        await self.client.flush()
        await asyncio.sleep(SETTLE_SECONDS)
        return {said.partition(' to "')[2].rstrip('"') for said in self.refused}


@pytest.fixture(scope="module")
def platform(servers: Servers) -> Iterator[Servers]:
    """The account the platform has in `./pool up`, with every stream in it."""
    declare_everything(servers.nats_url)
    yield servers
    asyncio.run(_forget(servers.nats_url))


async def _forget(url: str) -> None:
    client = await nats.connect(url)
    for stream in STREAMS:
        await client.jetstream().delete_stream(stream.name)
    await client.close()


@asynccontextmanager
async def logged_in(platform: Servers, service: str) -> AsyncIterator[Account]:
    refused: list[str] = []

    async def note(error: Exception) -> None:
        refused.append(str(error))

    client = await nats.connect(
        platform.environment.server_url("nats", service),
        inbox_prefix=f"_INBOX.{service}",
        error_cb=note,
    )
    yield Account(client, refused)
    await client.close()


@pytest.fixture
async def account(platform: Servers, service: str) -> AsyncIterator[Account]:
    async with logged_in(platform, service) as found:
        yield found


@pytest.fixture
async def operator(platform: Servers) -> AsyncIterator[JetStreamContext]:
    client = await nats.connect(platform.nats_url)
    yield client.jetstream()
    await client.close()


def every_subject() -> list[str]:
    """Return one of everything that can be said to this bus, harmless where it is allowed."""
    said = [subject(event, "x") for each in CONSUMERS for event in each.events]
    said += [f"{stream.subjects[0].partition('.')[0]}.x.y" for stream in STREAMS]
    said += [*REQUESTS, *(f"{question}.x" for question in REQUESTS)]
    said += [f"{name}.x" for names in BROADCASTS.values() for name in names]
    said += ["checkout", "unknown.subject", "_INBOX.x", "$SYS.REQ.SERVER.PING"]
    said += ["$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST"]
    for stream in STREAMS:
        verbs = (
            *("CREATE", "UPDATE", "DELETE", "INFO", "PURGE", "SNAPSHOT", "RESTORE"),
            *("MSG.GET", "MSG.DELETE", "LEADER.STEPDOWN", "PEER.REMOVE"),
        )
        said += [f"$JS.API.STREAM.{verb}.{stream.name}" for verb in verbs]
        said += [f"$JS.API.DIRECT.GET.{stream.name}", f"$JS.API.CONSUMER.CREATE.{stream.name}"]
        said += [f"$JS.API.CONSUMER.{verb}.{stream.name}" for verb in ("LIST", "NAMES")]
        said.append(f"$JS.API.CONSUMER.CREATE.{stream.name}.hidden")
        said.append(f"$JS.API.CONSUMER.DURABLE.CREATE.{stream.name}.hidden")
    for each in CONSUMERS:
        name = f"{each.stream}.{each.durable}"
        said += [
            f"$JS.API.CONSUMER.{verb}.{name}"
            for verb in ("CREATE", "DURABLE.CREATE", "DELETE", "INFO", "MSG.NEXT", "PAUSE")
        ]
        said.append(f"$JS.ACK.{name}.1.1.1.1.0")
    return list(dict.fromkeys(said))


@of_every_service
async def test_everything_but_its_own_is_refused(account: Account, service: str) -> None:
    tried = every_subject()
    allowed = {each for each in tried if _covers(may_publish(service), each)}

    refused = await account.try_publishing(tried)

    assert refused == {each.lower() for each in tried} - {each.lower() for each in allowed}
    assert len(refused) > 100


@of_every_service
def test_what_is_allowed_is_short_and_its_own(service: str) -> None:
    """Said once more, in other words than those it is made from."""
    assert may_publish(service)
    for each in may_publish(service):
        root, _, rest = each.partition(".API.")
        if root == "$JS" and rest:
            *verb, stream, last = rest.split(".") if "CONSUMER" in rest else [*rest.split("."), ""]
            owners = {found.owner for found in STREAMS if found.name == stream}
            listeners = {found.listener for found in CONSUMERS if found.durable == last}
            assert "*" not in rest, each
            assert ">" not in rest, each
            assert owners == {service} or listeners == {service}, each
            assert verb[-1] in {"INFO", "CREATE", "NEXT"}, each
        elif each.startswith("$JS.ACK."):
            assert {found.listener for found in CONSUMERS if found.durable in each} == {service}
        elif each in REQUESTS:
            assert REQUESTS[each][0] == service
        else:
            assert each.partition(".")[0] in {
                *(subject.partition(".")[0] for s in owned_by(service) for subject in s.subjects),
                service,
            }


@of_every_service
async def test_nobody_listens_to_what_is_not_its_own(account: Account, service: str) -> None:
    other = "notify" if service != "notify" else "checkout"
    forbidden = [
        *(">", "*", "$JS.>", "$JS.API.>", "$JS.ACK.>", "$JS.EVENT.>", "$SYS.>", "_INBOX.>"),
        *(f"_INBOX.{other}.>", f"_INBOX.{service}", "_INBOX.*.>", "*.*"),
        *(stream.subjects[0] for stream in STREAMS),
        *(f"{name}.*" for who, names in BROADCASTS.items() for name in names if who != service),
        *(each for each, (_, answers) in REQUESTS.items() if answers != service),
    ]

    for each in forbidden:
        await account.client.subscribe(each)
    await account.client.flush()
    await asyncio.sleep(SETTLE_SECONDS)

    refused = {said.partition(' to "')[2].rstrip('"') for said in account.refused}
    assert refused == {each.lower() for each in forbidden}


@of_every_service
async def test_no_service_can_have_its_stream_copy_what_others_say(
    account: Account, service: str, operator: JetStreamContext
) -> None:
    stream = owned_by(service)[0].name
    other = next(each.name for each in STREAMS if each.owner != service)
    stands = (await operator.stream_info(stream)).config.as_dict()
    wish = {**stands, "sources": [{"name": other}]}

    answer = await account.client.request(
        f"$JS.API.STREAM.CREATE.{stream}", json.dumps(wish).encode(), timeout=5
    )

    assert json.loads(answer.data)["error"]["err_code"] == 10058
    assert not (await operator.stream_info(stream)).config.sources


@of_every_service
async def test_no_service_can_have_its_events_sent_under_anothers_name(
    account: Account, service: str, operator: JetStreamContext
) -> None:
    heard = hearing(owned_by(service))

    # Mails are the end: nobody hears what notify says.
    assert bool(heard) is (service != "notify")
    for each in heard:
        wish = {
            "stream_name": each.stream,
            "config": {
                "durable_name": each.durable,
                "ack_policy": "explicit",
                "deliver_subject": "settlement.charge_succeeded.x",
            },
        }
        answer = await account.client.request(
            f"$JS.API.CONSUMER.DURABLE.CREATE.{each.stream}.{each.durable}",
            json.dumps(wish).encode(),
            timeout=5,
        )

        assert "error" in json.loads(answer.data)
        stands = await operator.consumer_info(each.stream, each.durable)
        assert stands.config.deliver_subject is None


async def test_what_each_needs_works_with_its_own_account(platform: Servers) -> None:
    buses = {name: _bus(platform, name) for name in SERVICES}
    running = [asyncio.create_task(bus.run()) for bus in buses.values()]
    async with asyncio.timeout(20):
        for bus in buses.values():
            await bus.ready()

    for each in CONSUMERS:
        (owner,) = [stream.owner for stream in STREAMS if stream.name == each.stream]
        headers = {"Nats-Msg-Id": f"to {each.durable}"}
        await buses[owner].publish(subject(each.events[0], "x"), b"{}", headers)
        await buses[each.listener].backlog(each.durable, each.stream)
        taking = await buses[each.listener].pull(each)
        (message,) = await taking.fetch(1, seconds=5)
        await message.in_progress()
        await message.nak(delay=0)
        (message,) = await taking.fetch(1, seconds=5)
        await message.ack_sync(timeout=5)
    for stream in STREAMS:
        said = f"{stream.subjects[0].partition('.')[0]}.x.y"
        await buses[stream.owner].publish(said, b"{}", {"Nats-Msg-Id": f"in {stream.name}"})
        assert (await buses[stream.owner].look_at(stream.name)).last_sequence > 0

    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def test_a_question_is_answered_by_whom_it_is_for_and_asked_by_one_alone(
    platform: Servers,
) -> None:
    buses = {name: _bus(platform, name) for name in SERVICES}
    running = [asyncio.create_task(bus.run()) for bus in buses.values()]
    async with asyncio.timeout(20):
        for bus in buses.values():
            await bus.ready()

    async def respond(question: bytes) -> bytes:
        return b"about " + question

    running.append(asyncio.create_task(buses["checkout"].answer(QUOTE, respond)))
    async with asyncio.timeout(10):
        while (answer := await buses["pledges"].ask(QUOTE, b"p1", within_seconds=0.5)) is None:
            continue

    assert answer == b"about p1"
    for other in ("site", "settlement", "notify", "checkout"):
        assert await buses[other].ask(QUOTE, b"p1", within_seconds=SETTLE_SECONDS) is None
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def test_who_answers_cannot_write_to_the_askers_inbox_unasked(platform: Servers) -> None:
    async with logged_in(platform, "checkout") as account:
        refused = await account.try_publishing(["_INBOX.pledges.x", "_INBOX.pledges.x.y"])

    assert refused == {"_inbox.pledges.x", "_inbox.pledges.x.y"}


async def test_after_a_wipe_each_owner_makes_its_own_anew(
    platform: Servers, operator: JetStreamContext
) -> None:
    buses = {name: _bus(platform, name) for name in SERVICES}
    running = [asyncio.create_task(bus.run()) for bus in buses.values()]
    async with asyncio.timeout(20):
        for bus in buses.values():
            await bus.ready()
    for stream in STREAMS:
        await operator.delete_stream(stream.name)

    for name, bus in buses.items():
        for stream in owned_by(name):
            await bus.look_at(stream.name)

    for each in CONSUMERS:
        assert (await operator.consumer_info(each.stream, each.durable)).name == each.durable
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def test_a_listener_waits_for_an_owner_that_is_not_there_yet(servers: Servers) -> None:
    url = servers.fresh_nats()
    listener = Bus(url, name="site", streams=(), consumers=())
    own = owned_by("settlement")
    owner = Bus(url, name="settlement", streams=own, consumers=hearing(own))
    running = [asyncio.create_task(listener.run())]
    await listener.ready()
    waiting = asyncio.create_task(listener.pull(consumer("site-calendar")))
    await asyncio.sleep(0.6)
    assert not waiting.done()

    running.append(asyncio.create_task(owner.run()))
    async with asyncio.timeout(10):
        await waiting

    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def test_nobody_says_more_than_fits(platform: Servers) -> None:
    async with logged_in(platform, "site") as account:
        assert account.client.max_payload == PAYLOAD_BYTES_MAX


def _bus(platform: Servers, service: str) -> Bus:
    own = owned_by(service)
    url = platform.environment.server_url("nats", service)
    return Bus(url, name=service, streams=own, consumers=hearing(own))


def _covers(patterns: list[str], said: str) -> bool:
    return any(_matches(pattern.split("."), said.split(".")) for pattern in patterns)


def _matches(pattern: list[str], said: list[str]) -> bool:
    for number, token in enumerate(pattern):
        if token == ">":
            return len(said) > number
        if number >= len(said) or token not in ("*", said[number]):
            return False
    return len(pattern) == len(said)
