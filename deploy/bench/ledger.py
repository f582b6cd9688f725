"""The ledger: reads by link, cancellations, a backlog, and a report of 100,000 pledges.

Goals: docs/benchmarks.md, G2, G4, G5.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp

from contracts.magic_link import MagicLink, sign
from deploy.bench import own_rate
from deploy.bench.backlog import drained_per_second
from deploy.bench.checkout import AT_ONCE, play_round, together
from deploy.bench.correct import broken
from deploy.bench.figures import Bench, Figure, Say, median
from deploy.bench.fill import copy_pledge
from deploy.bench.webhooks import Webhooks
from deploy.chaos import owner
from deploy.chaos.crowd import Crowd
from deploy.chaos.experiment import CONNECTIONS_MAX
from deploy.chaos.stage import Stage, staged, until
from deploy.local.layout import read_json
from deploy.local.ports import free_port

ROUNDS = 3
PLEDGES = 300
CANCELS = 200
READS = 3_000
COPIES = int(os.environ.get("POOL_BENCH_PLEDGES", "100000"))
REPORT = "/admin/reports/campaign-runner.csv?reportType=pledge&campaignSlug="
DOWNLOAD_SECONDS = 300.0
MEGABYTE = 1024

OF_ORDERS = """
SELECT pledge_id, email, campaign
FROM pledges.pledges
WHERE order_id = ANY($1)
ORDER BY pledge_id
"""


class Reader:
    """Asks the ledger itself, as the gateway does."""

    def __init__(self, stage: Stage, http: aiohttp.ClientSession) -> None:
        kept = read_json(stage.data.file("secrets.json"))
        self._secret = str(kept["MAGIC_LINK_SECRET"]).encode()
        self._gateway = {"X-Pool-Gateway": str(kept["GATEWAY_SECRET"])}
        self._url = stage.document["processes"]["pledges"]["url"]
        self._http = http

    def token(self, pledge: Any) -> str:
        """Return the link of a pledge's confirmation."""
        return sign(
            MagicLink(
                pledge_id=pledge["pledge_id"],
                email=pledge["email"],
                campaign_slug=pledge["campaign"],
                exp=int(time.time()) + 86_400,
            ),
            self._secret,
        )

    async def read(self, token: str) -> None:
        """Look a pledge up."""
        query = {"token": token}
        async with self._http.get(
            f"{self._url}/pledge", params=query, headers=self._gateway
        ) as answer:
            await answer.read()
            assert answer.status == 200, answer.status


async def run(seed: int, say: Say) -> list[Figure]:
    """Play every workload on one fresh stack; the checker judges what people did."""
    figures: list[Figure] = []

    def keep(*more: Figure) -> None:
        figures.extend(more)
        for each in more:
            say(each.line())

    async with (
        staged(seed=seed) as stage,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX)) as http,
    ):
        crowd = Crowd(stage, http, seed=seed)
        await crowd.faults(drop_webhooks=True)
        made = await play_round(crowd, Webhooks(stage, http), count=PLEDGES, at_once=AT_ONCE)
        pledges = await _pledges(stage, made.order_ids)
        own = await own_rate.per_second(stage.owner_url, made.order_ids, connections=AT_ONCE)
        keep(
            Figure(
                "completions persisted",
                f"{PLEDGES} orders, {AT_ONCE} at once, Stripe 0 ms",
                made.persisted_per_second,
                "/s",
                ceiling=own,
                goal=0.4,
            )
        )
        keep(await _reads(stage, http, pledges))
        keep(await _cancels(crowd, Reader(stage, http), pledges[:CANCELS], own))
        keep(await broken(stage, say))
        # Before the backlog, which keeps everybody busy for a while.
        keep(*await _report(stage, http, crowd, pledges[-1], say))
        say("a backlog of completed orders")
        grouped = await own_rate.per_second(
            stage.owner_url, made.order_ids, connections=2, group=64
        )
        count, rate = await drained_per_second(stage, made.order_ids[-1])
        workload = f"{count:,} completed orders waiting for the ledger"
        keep(Figure("backlog persisted", workload, rate, "/s", ceiling=grouped, goal=0.2))
    return figures


async def _pledges(stage: Stage, order_ids: Sequence[str]) -> list[Any]:
    conn: Any = await owner.connected(stage)
    try:
        return list(await conn.fetch(OF_ORDERS, list(order_ids)))
    finally:
        await conn.close()


async def _reads(stage: Stage, http: aiohttp.ClientSession, pledges: Sequence[Any]) -> Figure:
    """Read pledges by their links, beside a bare framework that reads a row."""
    reader = Reader(stage, http)
    links = [reader.token(each) for each in pledges]
    ours, bare = [], []
    async with _bare(stage, http) as look:
        for _ in range(ROUNDS):
            ours.append(await _rate(partial(reader.read, link) for link in _many(links)))
            ids = [each["pledge_id"] for each in pledges]
            bare.append(await _rate(partial(look, each) for each in _many(ids)))
    return Figure(
        "pledges read by their links",
        f"{READS:,} reads, {AT_ONCE} at once, beside a bare Litestar with one query",
        median(ours),
        "/s",
        ceiling=median(bare),
        goal=0.65,
    )


def _many(values: Sequence[str]) -> list[str]:
    return [values[number % len(values)] for number in range(READS)]


async def _rate(calls: Any) -> float:
    waiting = list(calls)
    began = time.perf_counter()
    await together(AT_ONCE, waiting)
    return len(waiting) / (time.perf_counter() - began)


@asynccontextmanager
async def _bare(
    stage: Stage, http: aiohttp.ClientSession
) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Run the bare server for a while; yield what reads a row through it."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.bench.bare", str(port), stage.owner_url
    )

    async def look(pledge_id: str) -> None:
        async with http.get(f"http://127.0.0.1:{port}/{pledge_id}") as answer:
            await answer.read()
            assert answer.status == 200, answer.status

    async def is_up() -> bool:
        try:
            async with http.get(f"http://127.0.0.1:{port}/") as answer:
                return answer.status == 404
        except aiohttp.ClientConnectionError:
            return False

    try:
        await until(is_up, seconds=30, what="the bare server")
        yield look
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def _cancels(crowd: Crowd, reader: Reader, pledges: Sequence[Any], own: float) -> Figure:
    """Let people withdraw, many at a time, all from one campaign."""
    answers: list[int] = []

    async def cancel(token: str) -> None:
        answers.append((await crowd.cancel(token))[0])

    calls = [partial(cancel, reader.token(each)) for each in pledges]
    began = time.perf_counter()
    await together(AT_ONCE, calls)
    rate = len(calls) / (time.perf_counter() - began)
    assert set(answers) == {200}, answers
    workload = f"{len(calls)} pledges of one campaign, {AT_ONCE} at once, through the gateway"
    return Figure("cancellations", workload, rate, "/s", ceiling=own, goal=0.4)


async def _report(
    stage: Stage, http: aiohttp.ClientSession, crowd: Crowd, pledge: Any, say: Say
) -> list[Figure]:
    """Download the ledger of a very large campaign, and see what it needed."""
    say(f"a report of {COPIES:,} pledges")
    await copy_pledge(stage, pledge["pledge_id"], COPIES)
    before = {name: peak(stage, name, forget=True) for name in ("pledges", "site")}
    rows = size = 0
    began = time.perf_counter()
    limit = aiohttp.ClientTimeout(total=DOWNLOAD_SECONDS)
    url = f"{stage.site}{REPORT}{pledge['campaign']}"
    async with http.get(url, headers=crowd.admin, timeout=limit) as answer:
        assert answer.status == 200, answer.status
        async for part in answer.content.iter_any():
            rows += part.count(b"\n")
            size += len(part)
    seconds = time.perf_counter() - began
    assert rows > COPIES, f"{rows} rows"
    workload = f"ledger CSV, {rows:,} rows, {size / 1e6:.0f} MB"
    return [
        Figure("report", workload, seconds, "s"),
        *(
            Figure(f"memory for it, {name}", workload, peak(stage, name) - before[name], "MB")
            for name in before
        ),
    ]


def peak(stage: Stage, name: str, *, forget: bool = False) -> float:
    """Return the most memory a process has had, in MB; with `forget` from now on."""
    folder = f"/proc/{stage.pid(name)}"
    if forget:
        with open(f"{folder}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    with open(f"{folder}/status", encoding="ascii") as file:
        (line,) = [line for line in file if line.startswith("VmHWM:")]
    return int(line.split()[1]) / MEGABYTE


BENCH = Bench("ledger", "reads by link, cancellations, a backlog, and a very large report", run)
