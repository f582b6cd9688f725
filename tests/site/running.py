"""Site as a process of its own, and somebody who plays the services behind it."""

import asyncio
import contextlib
import json
import os
import re
import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import nats

from deploy.local.ports import free_port
from services.chassis.storage.migrations import migrate
from services.site.app import SERVICE
from tests.support.stack import Database, Servers

ROOT = Path(__file__).parents[2]
SERVICES = ("checkout", "pledges", "settlement", "notify")


@dataclass
class Heard:
    """A request as it arrived, byte for byte."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Behind:
    """Answers whatever is asked, as told, and remembers it. Not an HTTP library: raw bytes."""

    status: int = 200
    answer: bytes = b'{"ok":true}'
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    wait_seconds: float = 0.0
    hangs_up: int = 0
    # After so many bytes of an answer the connection is gone.
    breaks_after: int | None = None
    # Answers for the next requests, one each; afterwards the usual one.
    queue: list[tuple[int, object]] = field(default_factory=list)
    # Answers to whoever asks for a path, however often.
    known: dict[str, tuple[int, object]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    port: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Answer kindly again, and forget what was asked."""
        self.status, self.answer = 200, b'{"ok":true}'
        self.headers = {"content-type": "application/json"}
        self.wait_seconds, self.hangs_up, self.breaks_after = 0.0, 0, None
        self.queue.clear()
        self.known.clear()
        self.heard.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await self._one(reader, writer)
        finally:
            self.writers.discard(writer)
            await _closed(writer)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        pairs = [line.partition(": ") for line in lines]
        headers = {name.lower(): value for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.heard.append(Heard(method, target, headers, body))
        if self.hangs_up:
            self.hangs_up -= 1
            raise ConnectionResetError
        await asyncio.sleep(self.wait_seconds)
        status, answer = self.status, self.answer
        path = target.partition("?")[0]
        if path in self.known or self.queue:
            status, document = self.known.get(path) or self.queue.pop(0)
            answer = msgspec.json.encode(document)
        sent = {**self.headers, "content-length": str(len(answer))}
        top = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        writer.write(f"HTTP/1.1 {status} Fine\r\n{top}\r\n".encode() + answer[: self.breaks_after])
        await writer.drain()
        if self.breaks_after is not None:
            raise ConnectionResetError


@contextlib.asynccontextmanager
async def behind() -> AsyncIterator[Behind]:
    """Run somebody behind the gateway for a while."""
    fake = Behind()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for writer in list(fake.writers):
            await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@dataclass
class RunningSite:
    """The process, and a browser on its own pages."""

    url: str
    admin_secret: str
    content: Path
    process: asyncio.subprocess.Process
    log: Path
    http: httpx.AsyncClient = field(repr=False)
    database: Database = field(repr=False)

    @property
    def admin(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.admin_secret}"}

    async def publish(self) -> dict[str, list[object]]:
        answer = await self.http.post("/admin/rebuild", json={}, headers=self.admin)
        assert answer.status_code == 200, answer.text
        outcome: dict[str, list[object]] = answer.json()
        return outcome

    async def stop(self) -> int:
        """Ask it to end; return its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 30)


@contextlib.asynccontextmanager
async def running_site(
    servers: Servers, database: Database, content: Path, services: Behind, **settings: str
) -> AsyncIterator[RunningSite]:
    """Run site in one process against real servers."""
    port = settings.pop("port", None) or free_port()
    is_listening = "127.0.0.1:1" not in settings.get("nats_url", "")
    url = f"http://127.0.0.1:{port}"
    secret = secrets.token_hex(24)
    own_nats = "" if "nats_url" in settings else servers.fresh_bus()
    environ = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database.url("site"),
        "NATS_URL": settings.pop("nats_url", own_nats),
        "REDIS_URL": settings.pop("redis_url", None) or servers.fresh_redis(),
        "GATEWAY_SECRET": "gateway-" + "s" * 32,
        "SITE_BASE": url,
        "LISTEN_PORT": str(port),
        "CAMPAIGNS_DIR": str(content),
        # Tests publish when they say so, unless they are about being seen by itself.
        "CONTENT_LOOK_SECONDS": "0",
        "ADMIN_SECRET": secret,
        **{f"{name.upper()}_URL": services.url for name in SERVICES},
        **{name.upper(): value for name, value in settings.items()},
    }
    sink, name = tempfile.mkstemp(prefix="site-", suffix=".log")
    log = Path(name)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.site", "all", env=environ, stdout=sink, stderr=sink
    )
    os.close(sink)
    client = httpx.AsyncClient(base_url=url, timeout=10, headers={"Origin": url})
    site = RunningSite(url, secret, content, process, log, client, database)
    try:
        await eventually(lambda: _is_up(site), seconds=40, what=log)
        if is_listening:
            # What is said before the consumers exist is heard by nobody.
            await eventually(lambda: _hears(site), seconds=40, what=log)
        yield site
    finally:
        await client.aclose()
        await site.stop()
        os.unlink(log)
        if own_nats:
            await forget_streams(own_nats)


async def forget_streams(nats_url: str) -> None:
    """Delete every stream of an account: each holds a gigabyte of the server's budget."""
    client = await nats.connect(nats_url)
    jetstream = client.jetstream()
    for stream in await jetstream.streams_info():
        await jetstream.delete_stream(str(stream.config.name))
    await client.close()


async def migrated(servers: Servers) -> Database:
    """Return a database with site's tables alone."""
    fresh = servers.empty_database()
    await migrate(
        fresh.owner_url,
        schema="site",
        folder=SERVICE.migrations,
        service_url=fresh.url("site"),
    )
    return fresh


async def eventually(
    probe: Callable[[], object], *, seconds: float = 15.0, what: object = ""
) -> object:
    """Return the first true answer of `probe`, which may be a coroutine function."""
    limit = asyncio.get_running_loop().time() + seconds
    while True:
        answer = probe()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return answer
        if asyncio.get_running_loop().time() > limit:
            said = what.read_text()[-3000:] if isinstance(what, Path) else what
            raise AssertionError(f"not within {seconds} s: {said}")
        await asyncio.sleep(0.05)


async def _is_up(site: RunningSite) -> bool:
    if site.process.returncode is not None:
        raise AssertionError(site.log.read_text()[-3000:])
    try:
        answer = await site.http.get("/")
    except httpx.TransportError:
        return False
    return answer.status_code == 200


async def _hears(site: RunningSite) -> bool:
    return "nats" not in (await site.http.get("/readyz")).json()["degraded"]


def log_lines(site: RunningSite) -> list[dict[str, object]]:
    """Return what the process logged."""
    return [json.loads(line) for line in site.log.read_text().splitlines() if re.match(r"\{", line)]


def path_of(template: str) -> str:
    """Return an address of a route of the table."""
    return (
        template.replace("{slug}", "long-take")
        .replace("{token}", "a.b")
        .replace("{order_id}", "pool-intent-1")
        .replace("{dispute_id}", "du_1")
        .replace("{broadcast_id}", "bc-1")
    )
