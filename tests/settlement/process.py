"""Settlement as the process it is in production, and a bus to talk to it."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import msgspec
import nats
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from contracts.events.base import Event
from contracts.subjects import subject
from tests.settlement.sandbox import KEY, Sandbox
from tests.support.stack import Database

ADMIN = "a" * 40
LINKS = "l" * 40
GATEWAY = "g" * 40


class Service:
    """One running process of settlement."""

    def __init__(self, environ: dict[str, str], role: str = "all") -> None:
        self.environ = environ
        self.role = role
        self.url = f"http://127.0.0.1:{environ['LISTEN_PORT']}"
        self.http = httpx.Client(
            base_url=self.url,
            timeout=10,
            headers={"x-pool-gateway": GATEWAY, "Authorization": f"Bearer {ADMIN}"},
        )
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.settlement", self.role],
            env=self.environ,
            stdout=subprocess.DEVNULL,
        )
        # Ready without the bus is ready; whoever wants to be heard waits for the streams.
        self.wait(
            lambda: (
                self.http.get("/readyz").json().items()
                >= {"ready": True, "missing": [], "degraded": []}.items()
            )
        )

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it as a deployment would; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)

    def close(self) -> None:
        self.http.close()
        if self.process.poll() is None:
            self.kill()

    def wait(self, holds: Callable[[], bool], *, seconds: float = 30) -> None:
        """Wait until `holds`, at most so long."""
        limit = time.monotonic() + seconds
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if holds():
                    return
            assert self.process.poll() is None, "the service has ended"
            assert time.monotonic() < limit, "not in time"
            time.sleep(0.05)

    def run_of(self, slug: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get(f"/admin/settlements/{slug}").json()
        return answer


def environment(
    database: Database, nats_url: str, redis_url: str, sandbox: Sandbox, **more: str
) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        **os.environ,
        "DATABASE_URL": database.url("settlement"),
        "NATS_URL": nats_url,
        "REDIS_URL": redis_url,
        "GATEWAY_SECRET": GATEWAY,
        "ADMIN_SECRET": ADMIN,
        "MAGIC_LINK_SECRET": LINKS,
        "SITE_BASE": "http://127.0.0.1:8000",
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_API_BASE": sandbox.url,
        "LISTEN_PORT": str(port),
        "SETTLEMENT_CHARGES_PER_SECOND": "100",
        **more,
    }


@contextlib.contextmanager
def running(environ: dict[str, str], role: str = "all") -> Iterator[Service]:
    """Run settlement for a while."""
    service = Service(environ, role)
    try:
        yield service
    finally:
        service.close()


class Ledger:
    """Speaks on the bus as the other services do, as often as it likes."""

    def __init__(self, stream: JetStreamContext) -> None:
        self._stream = stream

    async def say(self, event: Event, key: str, *, times: int = 1) -> None:
        """Publish the same bytes so many times, each as a message of its own."""
        for _ in range(times):
            await self._stream.publish(
                subject(type(event), key),
                msgspec.json.encode(event),
                headers={"Nats-Msg-Id": secrets.token_hex(8)},
            )


async def declared(nats_url: str) -> None:
    """Wait until there is a work queue to speak to."""
    client = await nats.connect(nats_url)
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        with contextlib.suppress(NotFoundError):
            await client.jetstream().consumer_info("CHARGES", "settlement-chargers")
            break
        await asyncio.sleep(0.05)
    await client.close()


@contextlib.asynccontextmanager
async def speaking(nats_url: str) -> Any:
    """Connect to the bus for a while."""
    client = await nats.connect(nats_url)
    try:
        yield Ledger(client.jetstream())
    finally:
        await client.close()
