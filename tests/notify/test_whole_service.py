"""Notify as a process: real bus, real Postgres, the sandbox's Resend, and a kill."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import msgspec
import nats
import pytest

from contracts.events.base import Event
from contracts.events.pledges import PledgeCreated
from contracts.ids import EventId, PledgeId
from contracts.subjects import subject
from services.chassis.storage.database import Connection
from tests.notify.samples import SECRET, SLUG, a_pledge
from tests.notify.telling import told
from tests.support.stack import Database

RESEND_KEY = "re_sandbox"
GATEWAY = "the gateway's secret of this test"


class Process:
    """A process of ours that can be killed and started again."""

    def __init__(self, module: str, *arguments: str, ready: str, environ: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._argv = (sys.executable, "-m", module, *arguments)
        self._environ = {**os.environ, **environ, "LISTEN_PORT": str(port)}
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Start it."""
        self._process = subprocess.Popen(self._argv, env=self._environ, stdout=subprocess.DEVNULL)

    async def start(self) -> None:
        """Start it, and wait until it says it is ready and misses nothing."""
        self.spawn()

        async def is_ready() -> bool:
            with contextlib.suppress(httpx.HTTPError):
                async with httpx.AsyncClient() as http:
                    answer = await http.get(self.url + self._ready)
                return answer.status_code == 200 and not answer.json().get("degraded")
            return False

        await eventually(is_ready)

    def end(self, number: int) -> int:
        """Send a signal and wait for the end; return the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(timeout=30)


async def eventually(probe: Callable[[], Awaitable[bool]], *, seconds: float = 20) -> None:
    """Wait until `probe` says yes."""
    async with asyncio.timeout(seconds):
        while not await probe():  # noqa: ASYNC110 (another process sets no event of ours)
            await asyncio.sleep(0.05)


@pytest.fixture
async def sandbox() -> AsyncIterator[Process]:
    process = Process("deploy.sandbox", ready="/livez", environ={"RESEND_API_KEY": RESEND_KEY})
    await process.start()
    yield process
    process.end(signal.SIGKILL)


@pytest.fixture
async def notify(
    database: Database, nats_url: str, redis_url: str, sandbox: Process
) -> AsyncIterator[Process]:
    process = Process(
        "services.notify",
        "all",
        ready="/readyz",
        environ={
            "DATABASE_URL": database.url("notify"),
            "NATS_URL": nats_url,
            "REDIS_URL": redis_url,
            "GATEWAY_SECRET": GATEWAY,
            "SITE_BASE": "https://pool.example",
            "MAGIC_LINK_SECRET": SECRET.decode(),
            "RESEND_API_KEY": RESEND_KEY,
            "RESEND_API_BASE": sandbox.url,
            "RESEND_REQUESTS_PER_SECOND": "0",
            "ADMIN_SECRET": "a" * 40,
            "PLEDGES_URL": "http://127.0.0.1:1",
            "EMAIL_FROM": "The Pool <pledges@pool.example>",
        },
    )
    await process.start()
    yield process
    with contextlib.suppress(ProcessLookupError):
        assert process.end(signal.SIGTERM) == 0


@pytest.fixture
async def inbox(sandbox: Process) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.url) as http:
        yield http


async def publish(nats_url: str, *events: Event, ids: list[str] | None = None) -> None:
    """Put the events on the bus as a relay does."""
    connection = await nats.connect(nats_url)
    stream = connection.jetstream()
    for number, event in enumerate(events):
        message_id = ids[number] if ids else event.event_id
        await stream.publish(
            subject(type(event), SLUG),
            msgspec.json.encode(event),
            headers={"Nats-Msg-Id": message_id},
        )
    await connection.close()


async def received(inbox: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Return every mail, newest first."""
    mails: list[dict[str, Any]] = (await inbox.get("/inbox.json")).json()
    return mails


async def sent_count(owner: Connection) -> int:
    """Return how many mails are recorded as sent."""
    count: int = await owner.fetchval("SELECT count(*) FROM mails WHERE status = 'sent'")
    return count


@pytest.mark.usefixtures("pool", "notify")
async def test_an_event_on_the_bus_five_times_is_one_mail_in_the_inbox(
    nats_url: str, inbox: httpx.AsyncClient, owner: Connection
) -> None:
    event = told(PledgeCreated, pledge=a_pledge())
    other_id = msgspec.structs.replace(event, event_id=EventId("another-id-for-the-same-fact"))
    last = told(
        PledgeCreated, pledge=a_pledge(pledge_id=PledgeId("last"), email="z@halfmoon.example")
    )

    await publish(
        nats_url, event, event, event, other_id, other_id, last, ids=["1", "2", "1", "4", "5", "6"]
    )

    async def all_sent() -> bool:
        return await sent_count(owner) == 2

    await eventually(all_sent)
    mails = await received(inbox)
    assert sorted(mail["to"] for mail in mails) == [
        ["noor@halfmoon.example"],
        ["z@halfmoon.example"],
    ]
    assert await owner.fetchval("SELECT count(*) FROM parked_events") == 0


@pytest.mark.usefixtures("pool")
async def test_killed_between_resends_yes_and_our_record_it_asks_again_and_one_mail_arrives(
    nats_url: str, inbox: httpx.AsyncClient, owner: Connection, notify: Process
) -> None:
    await inbox.post("/sandbox/faults", json={"timeout_rate": 1})
    await publish(nats_url, told(PledgeCreated, pledge=a_pledge()))

    async def arrived() -> bool:
        return len(await received(inbox)) == 1

    await eventually(arrived)
    notify.end(signal.SIGKILL)
    unrecorded = await owner.fetchrow("SELECT status, attempts FROM mails")
    await inbox.post("/sandbox/faults", json={"reset": True})
    await owner.execute("UPDATE mails SET next_attempt_at = clock_timestamp()")
    await notify.start()

    async def sent() -> bool:
        return await sent_count(owner) == 1

    await eventually(sent)
    row = await owner.fetchrow("SELECT status, attempts, resend_id FROM mails")
    (mail,) = await received(inbox)
    assert unrecorded is not None
    assert row is not None
    assert (unrecorded["status"], unrecorded["attempts"]) == ("sending", 1)
    assert (row["attempts"], row["resend_id"]) == (2, mail["id"])


@pytest.mark.usefixtures("pool")
async def test_the_operator_sees_how_many_mails_wait_and_are_stuck(
    notify: Process, inbox: httpx.AsyncClient, nats_url: str, owner: Connection
) -> None:
    await publish(nats_url, told(PledgeCreated, pledge=a_pledge()))

    async def sent() -> bool:
        return await sent_count(owner) == 1

    await eventually(sent)
    async with httpx.AsyncClient() as http:
        metrics = (await http.get(f"{notify.url}/metrics")).text
        stranger = await http.get(f"{notify.url}/mails")
    assert 'notify_mails_total{kind="pledge_confirmed",outcome="accepted"} 1.0' in metrics
    assert "notify_oldest_waiting_seconds" in metrics
    assert "halfmoon" not in metrics
    assert stranger.status_code == 404
