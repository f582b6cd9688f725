"""The public site: pages and figures as a share of a bare server's own answer, and watchers.

Goals: docs/benchmarks.md, G1, G3, G7, G8.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from deploy.bench import cpu
from deploy.bench.correct import broken
from deploy.bench.counters import counted
from deploy.bench.figures import Bench, Figure, Say, median
from deploy.bench.reading import readers
from deploy.bench.rush import rush
from deploy.chaos.crowd import Crowd
from deploy.chaos.experiment import CONNECTIONS_MAX
from deploy.chaos.stage import Stage, staged, until
from deploy.local.ports import HOST, free_port

ROUNDS = 5
READS = int(os.environ.get("POOL_BENCH_READS", "10000"))
AT_ONCE = 16
PACKED = {"Accept-Encoding": "gzip"}
WATCHERS = 500
SETTINGS = {"LIVE_READERS_PER_ADDRESS_MAX": "1000"}


@dataclass(frozen=True)
class Read:
    """One kind of read, beside the same bytes from a bare server."""

    name: str
    path: str
    headers: dict[str, str]
    goal: float
    cpu_goal_ms: float | None = None


async def run(seed: int, say: Say) -> list[Figure]:
    """Play every workload on one fresh stack; the checker judges what people did."""
    figures: list[Figure] = []

    def keep(*more: Figure) -> None:
        figures.extend(more)
        for each in more:
            say(each.line())

    async with (
        staged(seed=seed, settings=SETTINGS) as stage,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX)) as http,
    ):
        crowd = Crowd(stage, http, seed=seed)
        slug = await crowd.publish("read", ends_in_days=20)
        reads = (
            Read("live figures read", f"/live/{slug}", {}, 0.75, 0.08),
            Read("campaign page read", f"/campaigns/{slug}/", PACKED, 0.85),
        )
        for read in reads:
            keep(*await _beside_bare(stage, http, read))
        keep(*await _unasked(stage, f"/campaigns/{slug}/", say))
        keep(*await rush(crowd, http, watchers=WATCHERS, say=say))
        keep(await broken(stage, say))
    return figures


async def _beside_bare(stage: Stage, http: aiohttp.ClientSession, read: Read) -> list[Figure]:
    """Read an address many times, in turn with a bare server that answers the same bytes."""
    async with http.get(stage.site + read.path, headers=read.headers, auto_decompress=False) as it:
        assert it.status == 200, it.status
        body, media_type = await it.read(), it.headers["Content-Type"]
    ours: list[dict[str, Any]] = []
    bares: list[dict[str, Any]] = []
    async with bare(body, media_type, http) as (process, port):
        own, site = urlsplit(stage.site).port or 0, stage.pid("site")
        for _ in range(ROUNDS):
            ours.append(await _timed(site, own, read.path, read.headers))
            bares.append(await _timed(process.pid, port, "/", read.headers))
    assert all(set(each["statuses"]) == {"200"} for each in (*ours, *bares)), ours
    workload = f"{READS:,} reads of {len(body):,} bytes, {AT_ONCE} at once, middle of {ROUNDS}"
    figure = {
        name: (median([each[name] for each in ours]), median([each[name] for each in bares]))
        for name in ("per_second", "p99_ms", "cpu_ms")
    }
    rate, p99, used = figure["per_second"], figure["p99_ms"], figure["cpu_ms"]
    most = round(1 / read.goal, 2)
    return [
        Figure(read.name, workload, rate[0], "/s", ceiling=rate[1], goal=read.goal),
        Figure(f"{read.name}, p99", workload, p99[0], "ms", p99[1], most, is_cap=True),
        Figure(f"{read.name}, CPU", workload, used[0], "ms", used[1], most, is_cap=True),
        *_alone(read, workload, used[0]),
    ]


def _alone(read: Read, workload: str, cpu_ms: float) -> list[Figure]:
    """Return the goal in milliseconds, where there is one."""
    if read.cpu_goal_ms is None:
        return []
    name = f"{read.name}, CPU alone"
    return [Figure(name, workload, cpu_ms, "ms", goal=read.cpu_goal_ms, is_cap=True)]


async def _timed(pid: int, port: int, path: str, headers: dict[str, str]) -> dict[str, Any]:
    before = cpu.of_process(pid)
    said = await readers(port, path, count=READS, at_once=AT_ONCE, headers=headers)
    return {**said, "cpu_ms": (cpu.of_process(pid) - before) * 1_000 / READS}


@asynccontextmanager
async def bare(
    body: bytes, media_type: str, http: aiohttp.ClientSession
) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Run the bare server for a while; yield its process and port."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "body"
        file.write_bytes(body)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.bench.bare_bytes", str(port), str(file), media_type)
        )

        async def is_up() -> bool:
            try:
                async with http.get(f"http://{HOST}:{port}/") as answer:
                    return answer.status == 200
            except aiohttp.ClientConnectionError:
                return False

        try:
            await until(is_up, seconds=30, what="the bare server")
            yield process, port
        finally:
            process.terminate()
            await process.wait()


async def _unasked(stage: Stage, path: str, say: Say) -> list[Figure]:
    """View a page ten thousand times, and see that nobody behind it was asked."""
    say("who is asked when a page is viewed")
    port = urlsplit(stage.site).port or 0
    more = await counted(
        stage, lambda: readers(port, path, count=READS, at_once=AT_ONCE, headers=PACKED)
    )
    workload = f"{READS:,} views, above what the same seconds cost at rest"
    # One in a hundred views: what services do by themselves is not the same in any two seconds.
    return [
        Figure(f"{name} per view", workload, count / READS, unit, goal=0.01, is_cap=True)
        for name, (count, unit) in more.items()
    ]


BENCH = Bench("site", "pages and figures beside a bare server, and 500 open pages", run)
