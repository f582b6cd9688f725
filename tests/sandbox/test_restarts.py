"""The process itself: it remembers through a kill, ends cleanly, and tells no card number."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.sandbox.conftest import SECRET_KEY, Sandbox, eventually, stripe_client

CARD = "5555555555554444"


class Process:
    """`python -m deploy.sandbox` on a port and a state of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.state = folder / "deep" / "state.sqlite"
        self.log = folder / "log"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environ = {
            "PATH": os.environ["PATH"],
            "LISTEN_PORT": str(self.port),
            "SANDBOX_STATE": str(self.state),
            "STRIPE_SECRET_KEY": SECRET_KEY,
        }
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "deploy.sandbox"], env=environ, stdout=log, stderr=log
            )

    def end(self, number: int) -> int:
        """Send the signal and return the exit code."""
        assert self._child is not None
        self._child.send_signal(number)
        return self._child.wait(10)

    def clear(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self.end(signal.SIGKILL)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    fresh = Process(tmp_path)
    yield fresh
    fresh.clear()


@asynccontextmanager
async def living(process: Process) -> AsyncIterator[Sandbox]:
    process.start()
    async with aiohttp.ClientSession() as http, stripe_client(process.base) as client:

        async def is_ready() -> bool:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"{process.base}/readyz") as answer:
                    return answer.status == 200
            return False

        await eventually(is_ready, seconds=30)
        yield Sandbox(process.base, http, client)


async def test_everything_answered_survives_a_kill(process: Process) -> None:
    options = {"idempotency_key": "cus:1"}
    async with living(process) as sandbox:
        first = await sandbox.v1.customers.create_async({"email": "a@b.co"}, options)
        card = await sandbox.saved_card(first.id, CARD)
        session = await sandbox.session(customer=first.id)
        await sandbox.move_clock(advance="P1D")
        await sandbox.faults(latency_ms=1)
        assert process.end(signal.SIGKILL) == -signal.SIGKILL

    async with living(process) as sandbox:
        again = await sandbox.v1.customers.create_async({}, {"idempotency_key": "cus:2"})
        listed = await sandbox.v1.customers.list_async()
        paid = await sandbox.confirm(await sandbox.intent(first.id), card)
        clock = (await sandbox.get("/sandbox/clock")).json
        faults = (await sandbox.get("/sandbox/faults")).json
        old = await sandbox.v1.checkout.sessions.retrieve_async(session.id)

    assert [customer.id for customer in listed.data] == [again.id, first.id]
    assert paid.status == "succeeded"
    assert clock["offsetSeconds"] == 86_400
    assert faults["latency_ms"] == 1
    assert old.status == "expired"


async def test_idempotency_keys_survive_too(process: Process) -> None:
    options = {"idempotency_key": "cus:1"}
    async with living(process) as sandbox:
        first = await sandbox.v1.customers.create_async({"email": "a@b.co"}, options)
        process.end(signal.SIGKILL)

    async with living(process) as sandbox:
        again = await sandbox.v1.customers.create_async({"email": "a@b.co"}, options)

    assert again.id == first.id


async def test_sigterm_ends_it_cleanly_and_no_card_number_is_left(process: Process) -> None:
    async with living(process) as sandbox:
        customer = await sandbox.customer()
        await sandbox.saved_card(customer, CARD)
        await sandbox.complete((await sandbox.session(customer=customer)).id, "4000000000000002")
        await sandbox.faults(decline={CARD: "do_not_honor"}, timeout_rate=1)
        held = asyncio.create_task(sandbox.raw("GET", "/v1/customers"))
        await eventually(lambda: sandbox.get("/sandbox/faults"))

        code = await asyncio.to_thread(process.end, signal.SIGTERM)

        with pytest.raises(aiohttp.ClientError):
            await held

    assert code == 0
    written = process.log.read_bytes()
    written += b"".join(path.read_bytes() for path in process.state.parent.iterdir())
    assert CARD[-4:].encode() in written
    assert CARD.encode() not in written
    assert b"4000000000000002" not in written
