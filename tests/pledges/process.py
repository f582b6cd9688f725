"""The ledger as the process it is in production, and a bus to talk to it."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import msgspec
import nats
from nats.js import JetStreamContext

from contracts.events.base import Event
from contracts.subjects import subject
from tests.support.stack import Database

ADMIN = "an admin secret of at least thirty-two characters"
GATEWAY = "a gateway secret of at least thirty-two characters"
KEY = "a magic link secret of at least thirty-two characters"


class Process:
    """One running process, killed and started as a test likes."""

    def __init__(self, database: Database, nats_url: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.environ = {
            **os.environ,
            "DATABASE_URL": database.url("pledges"),
            "NATS_URL": nats_url,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "GATEWAY_SECRET": GATEWAY,
            "ADMIN_SECRET": ADMIN,
            "MAGIC_LINK_SECRET": KEY,
            "SITE_BASE": "http://127.0.0.1:8000",
            "LISTEN_PORT": str(port),
        }
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"x-pool-gateway": GATEWAY, "Authorization": f"Bearer {ADMIN}"},
        )
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and wait until it misses nothing."""
        self.spawn()

        async def is_ready() -> bool:
            answer = await self.http.get("/readyz")
            return bool(
                answer.json().items() >= {"ready": True, "missing": [], "degraded": []}.items()
            )

        await eventually(is_ready)

    def spawn(self) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.pledges", "all"],
            env=self.environ,
            stdout=subprocess.DEVNULL,
        )

    def end(self, number: int) -> int:
        """Send a signal; return the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    async def close(self) -> None:
        """Leave nothing running."""
        await self.http.aclose()
        if self.process is not None and self.process.poll() is None:
            self.end(signal.SIGKILL)

    async def stats(self, slug: str) -> dict[str, Any]:
        """Return the public figures."""
        answer: dict[str, Any] = (await self.http.get(f"/stats/{slug}")).json()
        return answer

    async def assert_in_sync(self) -> None:
        """History, pledges and totals must agree."""
        answer = await self.http.post("/admin/projections/check")
        assert answer.json()["inSync"], answer.text


async def eventually(probe: Callable[[], Awaitable[bool]], *, seconds: float = 30) -> None:
    """Wait until `probe` says yes; while nobody answers it says no."""
    async with asyncio.timeout(seconds):
        while True:
            with contextlib.suppress(httpx.HTTPError, KeyError):
                if await probe():
                    return
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def on_the_bus(nats_url: str) -> AsyncIterator[JetStreamContext]:
    """Speak and listen as the other services do."""
    client = await nats.connect(nats_url)
    yield client.jetstream()
    await client.close()


async def say(bus: JetStreamContext, event: Event, key: str, message_id: str | None = "") -> None:
    """Publish an event under its own message id, another one, or none."""
    given = event.event_id if message_id == "" else message_id
    headers = {"Nats-Msg-Id": given} if given else None
    await bus.publish(subject(type(event), key), msgspec.json.encode(event), headers=headers)


def another_id() -> str:
    """Return a message id the bus has not seen."""
    return secrets.token_hex(8)
