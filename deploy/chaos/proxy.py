"""A TCP proxy that misbehaves on command, before a server that does not.

Faults change while connections are open: latency, resets, black holes in one or both
directions, and connections whose other end is gone without a word.
"""

import asyncio
import contextlib
import random
import socket
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Literal

CHUNK = 64 * 1024
CHUNKS_IN_FLIGHT_MAX = 256
HOST = "127.0.0.1"
# SO_LINGER with a zero time-out makes close() send RST instead of FIN.
HARD_CLOSE = struct.pack("ii", 1, 0)

Direction = Literal["to_server", "to_client"]
Target = Callable[[], tuple[str, int]]


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What the proxy does to bytes at the moment. All zero and none: nothing."""

    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    reset_rate: float = 0.0
    """Of the chunks that pass, this share ends its connection with a RST."""
    blackhole: Direction | Literal["both"] | None = None
    refuses: bool = False

    def swallows(self, direction: Direction) -> bool:
        """Tell whether bytes in this direction vanish."""
        return self.blackhole in ("both", direction)


@dataclass(eq=False)
class Link:
    """One client's connection and the server's side of it."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    is_stranded: bool = False
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def reset(self) -> None:
        """End both sides with a RST, as a machine in between does that has crashed."""
        for writer in (self.client, self.server):
            _reset(writer)


class Proxy:
    """Forwards connections to a server, with whatever faults are set."""

    def __init__(self, target: Target, *, seed: int = 0) -> None:
        self.faults = Faults()
        self.port = 0
        self.counts: Counter[str] = Counter()
        self._target = target
        self._random = random.Random(seed)
        self._links: set[Link] = set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        """Listen on a free loopback port until the block ends."""
        server = await asyncio.start_server(self._accept, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            tasks = [task for link in self._links for task in link.tasks]
            self.cut()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await server.wait_closed()

    @property
    def is_open(self) -> int:
        """Return how many connections pass through at the moment."""
        return len(self._links)

    def cut(self) -> int:
        """Reset every open connection; return how many there were."""
        links = list(self._links)
        for link in links:
            self.counts["resets"] += 1
            link.reset()
        return len(links)

    def strand(self) -> int:
        """Let every server end vanish without a word to its client; new connections are well."""
        links = [link for link in self._links if not link.is_stranded]
        for link in links:
            self.counts["stranded"] += 1
            link.is_stranded = True
            _reset(link.server)
        return len(links)

    def heal(self) -> None:
        """Forward honestly from now on. What was swallowed stays lost."""
        self.faults = Faults()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts["connections"] += 1
        if self.faults.refuses:
            self.counts["refused"] += 1
            _reset(writer)
            return
        try:
            upstream, downstream = await asyncio.open_connection(*self._target())
        except OSError:
            _reset(writer)
            return
        for each in (writer, downstream):
            raw = each.get_extra_info("socket")
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(writer, downstream)
        link.tasks = [
            asyncio.create_task(self._forward(link, reader, downstream, "to_server")),
            asyncio.create_task(self._forward(link, upstream, writer, "to_client")),
        ]
        self._links.add(link)
        try:
            await asyncio.gather(*link.tasks, return_exceptions=True)
        finally:
            self._links.discard(link)
            for each in (writer, downstream):
                each.transport.abort()

    async def _forward(
        self,
        link: Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        direction: Direction,
    ) -> None:
        """Carry one direction to its end. Latency delays every chunk and slows none down."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(CHUNKS_IN_FLIGHT_MAX)
        writing = asyncio.create_task(self._write(link, queue, writer, direction))
        try:
            with contextlib.suppress(OSError):
                while chunk := await reader.read(CHUNK):
                    await queue.put((self._due_at(), chunk))
            await queue.put((self._due_at(), b""))
            await writing
        finally:
            writing.cancel()
        # A stranded client must not learn from a FIN that nobody is there.
        if not link.is_stranded and not self.faults.swallows(direction):
            with contextlib.suppress(OSError):
                if writer.can_write_eof():
                    writer.write_eof()

    async def _write(
        self,
        link: Link,
        queue: "asyncio.Queue[tuple[float, bytes]]",
        writer: asyncio.StreamWriter,
        direction: Direction,
    ) -> None:
        while True:
            due_at, chunk = await queue.get()
            if not chunk:
                return
            if (wait := due_at - time.monotonic()) > 0:
                self.counts["delayed"] += 1
                await asyncio.sleep(wait)
            if self._random.random() < self.faults.reset_rate:
                self.counts["resets"] += 1
                link.reset()
                return
            if link.is_stranded or self.faults.swallows(direction):
                self.counts["swallowed"] += 1
                continue
            with contextlib.suppress(OSError):
                writer.write(chunk)
                await writer.drain()

    def _due_at(self) -> float:
        faults = self.faults
        delay_ms = faults.latency_ms + self._random.random() * faults.jitter_ms
        return time.monotonic() + delay_ms / 1000


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HARD_CLOSE)
    writer.transport.abort()
