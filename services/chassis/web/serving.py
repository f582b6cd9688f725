"""The web server of a process, and how the process ends."""

import asyncio
import contextlib
import functools
import time
from collections.abc import Iterator

import uvicorn
from litestar.types import ASGIApp

from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.process.parts import Parts, Running
from services.chassis.process.settings import CommonSettings
from services.chassis.web.protocol import BoundedProtocol

log = telemetry.logger(__name__)

DRAIN_SECONDS = 25
FLUSH_SECONDS = 3.0
CANCEL_TRIES = 25
CANCEL_SECONDS = 0.2


def server(settings: CommonSettings, app: ASGIApp) -> uvicorn.Server:
    """Return the web server of one process, not yet started."""
    config = uvicorn.Config(
        app,
        host=settings.listen_host,
        port=settings.listen_port,
        loop="uvloop",
        http=functools.partial(  # type: ignore[arg-type]
            BoundedProtocol, is_https=settings.site_base.startswith("https://")
        ),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = uvicorn.Server(config)
    # The signals are ours: the loops must stop as well, not only the server.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    return server


class CannotListen(Exception):
    """The server could not begin; what it logged before says why."""


async def answer(server: uvicorn.Server) -> None:
    """Answer requests until told to stop. Raises `CannotListen` when the port is taken.

    Uvicorn would leave the interpreter instead, and with it everything that is still open.
    """
    try:
        await server.serve()
    except SystemExit as exc:
        raise CannotListen(f"port {server.config.port}") from exc


async def shut_down(
    server: uvicorn.Server,
    serving: "asyncio.Task[None]",
    loops: "list[asyncio.Task[None]]",
    parts: Parts,
    running: Running,
) -> None:
    """Stop taking requests, finish those in flight, say what they led to, then end the rest.

    The bus stays: what a listener has in hand is handed back over it, for its successor.
    """
    running.stopping.set()
    server.should_exit = True
    spent = Spent()
    with spent.on("requests"), contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            await asyncio.wait([serving])
    if "worker" in running.roles:
        with spent.on("outbox"):
            await outbox.is_flushed(running.pool, running.bus, within_seconds=FLUSH_SECONDS)
    with spent.on("loops"):
        await cancel(loops)
    with spent.on("clients"):
        for close in parts.closers:
            await close()
    with spent.on("database"), contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            await running.pool.close()
    log.info("stopped", seconds=spent.seconds)


class Spent:
    """What the parts of an end cost, in seconds, for whoever asks why it took so long."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def on(self, part: str) -> Iterator[None]:
        """Note how long the block took."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[part] = round(time.monotonic() - began, 2)


async def cancel(loops: "list[asyncio.Task[None]]") -> None:
    """Cancel until they are gone: a client library may swallow the first request."""
    for _ in range(CANCEL_TRIES):
        for loop in loops:
            loop.cancel()
        _, left = await asyncio.wait(loops, timeout=CANCEL_SECONDS)
        if not left:
            return
