"""A service alone: its real process, with a real database and bus of its own."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import asyncpg
import httpx
import nats
from nats.js import JetStreamContext

from tests.support.platform import eventually

T = TypeVar("T")
GATEWAY, ADMIN, LINKS = "g" * 40, "a" * 40, "l" * 40
NOBODY = "redis://127.0.0.1:1/0"


class Alone:
    """One process of a service, in one of its roles."""

    def __init__(self, service: str, role: str, settings: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"services.{service}", role],
            env={
                **os.environ,
                "REDIS_URL": NOBODY,
                "GATEWAY_SECRET": GATEWAY,
                "ADMIN_SECRET": ADMIN,
                "MAGIC_LINK_SECRET": LINKS,
                "SITE_BASE": "http://127.0.0.1:8000",
                "LISTEN_PORT": str(port),
                **settings,
            },
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout
        self.http = httpx.Client(
            base_url=self.url,
            timeout=20,
            headers={"x-pool-gateway": GATEWAY, "Authorization": f"Bearer {ADMIN}"},
        )

    def wait_ready(self) -> None:
        """Wait until it misses nothing and hears the bus."""

        def is_ready() -> bool:
            assert self.process.poll() is None, "it has ended"
            with contextlib.suppress(httpx.HTTPError):
                answer = self.http.get("/readyz").json()
                return bool(answer["ready"] and not answer["degraded"])
            return False

        eventually(is_ready, seconds=90, what="ready")

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Have it hang for a while."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Leave nothing running."""
        self.http.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.said.close()


@contextlib.contextmanager
def running(service: str, role: str, **settings: str) -> Iterator[Alone]:
    """Run a process of a service for a while; nobody reads what it logs but for 64 KiB."""
    process = Alone(service, role, settings)
    try:
        process.wait_ready()
        yield process
    finally:
        process.close()


def sql(url: str, *statements: str) -> None:
    """Do something in a database, as its owner, in one transaction."""

    async def do() -> None:
        conn = await asyncpg.connect(url)
        try:
            async with conn.transaction():
                for statement in statements:
                    await conn.execute(statement)
        finally:
            await conn.close()

    asyncio.run(do())


@contextlib.contextmanager
def locked(url: str, table: str) -> Iterator[None]:
    """Keep everybody else from a table for a while."""
    with asyncio.Runner() as runner:
        conn = runner.run(asyncpg.connect(url))
        turn = conn.transaction()
        runner.run(turn.start())
        runner.run(conn.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        try:
            yield
        finally:
            runner.run(turn.rollback())
            runner.run(conn.close())


def on_the_bus(url: str, deed: Callable[[JetStreamContext], Awaitable[T]]) -> T:
    """Do something with the bus."""

    async def do() -> T:
        client = await nats.connect(url)
        try:
            return await deed(client.jetstream())
        finally:
            await client.close()

    return asyncio.run(do())


def say(url: str, subject: str, *bodies: bytes) -> None:
    """Publish messages on a subject, each as one of its own."""

    async def do(stream: JetStreamContext) -> None:
        for body in bodies:
            await stream.publish(subject, body, headers={"Nats-Msg-Id": secrets.token_hex(8)})

    on_the_bus(url, do)
