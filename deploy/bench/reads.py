"""Many readers in a process of their own: they ask for one address again and again.

python -m deploy.bench.reads HOST PORT PATH COUNT AT_ONCE PER_SECOND HEADERS
prints one JSON line: `per_second`, `p50_ms`, `p99_ms`, `statuses`. With PER_SECOND 0 each
reader asks as soon as it is answered; else they begin so many reads a second in all, and
how long one took counts from when it should have begun.
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import uvloop

from deploy.bench.figures import percentile

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass
class Reads:
    """What is to be read, and what came of it."""

    request: bytes
    left: int
    # Seconds between the beginnings of one reader; 0 is as soon as possible.
    pause: float = 0.0
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)


class Reader(asyncio.Protocol):
    """One connection, kept open, with one question at a time."""

    def __init__(self, reads: Reads, number: int, at_once: int) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reads = reads
        self._due = time.perf_counter() + reads.pause * number / at_once
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Those of uvloop are not of asyncio's class, though they do the same.
        self._transport = cast(asyncio.Transport, transport)
        asyncio.get_running_loop().call_later(max(0.0, self._due - time.perf_counter()), self._ask)

    def _ask(self) -> None:
        if self._reads.left <= 0:
            self._transport.close()
            return
        self._reads.left -= 1
        if not self._reads.pause:
            self._due = time.perf_counter()
        self._transport.write(self._reads.request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = LENGTH.search(self._buffer, 0, head)
        assert length, self._buffer[:head]
        if len(self._buffer) < head + 4 + int(length[1]):
            return
        now = time.perf_counter()
        self._reads.statuses[self._buffer[9:12].decode()] += 1
        self._reads.seconds.append(now - self._due)
        self._buffer = b""
        self._due += self._reads.pause
        if self._due > now:
            asyncio.get_running_loop().call_later(self._due - now, self._ask)
        else:
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._buffer or exc:
            self._reads.statuses["lost"] += 1
        self.ended.set_result(None)


async def _main() -> None:
    host, port, path, count, at_once, per_second, headers = sys.argv[1:]
    lines = "".join(f"{name}: {value}\r\n" for name, value in json.loads(headers).items())
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{lines}\r\n".encode()
    readers = int(at_once)
    pause = readers / float(per_second) if float(per_second) else 0.0
    reads = Reads(request, int(count), pause)
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    open_ones = [
        await loop.create_connection(partial(Reader, reads, at, readers), host, int(port))
        for at in range(readers)
    ]
    await asyncio.gather(*(protocol.ended for _, protocol in open_ones))
    took = time.perf_counter() - began
    said = {
        "per_second": len(reads.seconds) / took,
        "p50_ms": percentile(reads.seconds, 0.5) * 1_000,
        "p99_ms": percentile(reads.seconds, 0.99) * 1_000,
        "statuses": reads.statuses,
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    uvloop.run(_main())
