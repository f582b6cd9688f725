"""A rush of pledges while many watch, and while many more read: how late is what is shown?"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from deploy.bench import cpu
from deploy.bench.checkout import AT_ONCE, together
from deploy.bench.figures import Figure, Say, percentile
from deploy.bench.reading import readers
from deploy.bench.webhooks import Webhooks
from deploy.chaos import owner
from deploy.chaos.crowd import Crowd, Pledge, an_email

SECONDS = int(os.environ.get("POOL_BENCH_SECONDS", "10"))
CALM, RUSH = 20, 100
READS = 2_000
READERS = 50
SEEN_SECONDS = 30.0
SETTLED_SECONDS = 3.0

PERSISTED = """
SELECT extract(epoch FROM recorded_at)::float8 AS at
FROM pledges.pledge_history
JOIN pledges.pledges USING (pledge_id)
WHERE campaign = $1 AND count_delta = 1
ORDER BY recorded_at
"""


async def rush(
    crowd: Crowd, http: aiohttp.ClientSession, *, watchers: int, say: Say
) -> list[Figure]:
    """Let pledges arrive while people watch, and then many more while people read."""
    await crowd.faults(drop_webhooks=True)
    say(f"{CALM * 2 * SECONDS} and {RUSH * SECONDS} people go as far as their card")
    calm = await _prepared(crowd, http, CALM * 2 * SECONDS)
    hurried = await _prepared(crowd, http, RUSH * SECONDS)
    say(f"{watchers} watch, {CALM} pledges a second")
    figures = await _watched(crowd, calm, watchers)
    say(f"{READS:,} reads and {RUSH} pledges a second")
    return figures + await _read(crowd, hurried)


class _Prepared:
    """A campaign whose supporters have saved their cards, and Stripe's word of each."""

    def __init__(self, slug: str, bodies: Sequence[bytes], hooks: Webhooks) -> None:
        self.slug, self.bodies, self._hooks = slug, bodies, hooks
        self.answered: list[float] = []
        self.took: list[float] = []

    async def deliver(self, per_second: float) -> float:
        """Deliver them at a rate; return the rate it was in truth."""
        began = time.perf_counter()

        async def one(at: int, body: bytes) -> None:
            await asyncio.sleep(max(0.0, began + at / per_second - time.perf_counter()))
            self.took.append(await self._hooks.deliver(body))
            self.answered.append(time.time())

        await asyncio.gather(*(one(at, body) for at, body in enumerate(self.bodies)))
        return len(self.bodies) / (time.perf_counter() - began)


async def _prepared(crowd: Crowd, http: aiohttp.ClientSession, count: int) -> _Prepared:
    hooks = Webhooks(crowd.stage, http)
    slug = await crowd.publish("watched", ends_in_days=20)
    people = [Pledge(slug, an_email()) for _ in range(count)]
    await together(AT_ONCE, [partial(crowd.start, each) for each in people])
    await together(AT_ONCE, [partial(crowd.save_card, each) for each in people])
    bodies = await hooks.undelivered({each.session_id for each in people})
    return _Prepared(slug, bodies, hooks)


async def _watched(crowd: Crowd, calm: _Prepared, watchers: int) -> list[Figure]:
    """Return how late watchers see what is in the ledger, and what their watching costs."""
    stage = crowd.stage
    async with _watching(stage.site, calm.slug, watchers) as said:
        await asyncio.sleep(SETTLED_SECONDS)
        before = cpu.resident_mib(stage, "site")
        await calm.deliver(CALM)
        await _until_shown(crowd, calm)
        after = cpu.resident_mib(stage, "site")
    persisted = await _persisted(crowd, calm.slug)
    lags = [lag for seen in said["watchers"] for lag in _lags(persisted, seen)]
    workload = f"{watchers} streams, {CALM} pledges/s, {len(calm.bodies)} pledges"
    return [
        Figure(
            *("persisted to received, p95", workload, percentile(lags, 0.95), "s"),
            goal=1.5,
            is_cap=True,
        ),
        Figure("streams lost", workload, said["lost"], "", goal=0, is_cap=True),
        Figure(*("memory of the site", workload, after, "MiB", before), goal=1.1, is_cap=True),
    ]


async def _read(crowd: Crowd, hurried: _Prepared) -> list[Figure]:
    """Return how quick everything is while pledges and readers come in crowds."""
    port = urlsplit(crowd.stage.site).port or 0
    path = f"/live/{hurried.slug}"
    async with _watching(crowd.stage.site, hurried.slug, 1) as said:
        reading = asyncio.create_task(
            readers(port, path, count=READS * SECONDS, at_once=READERS, per_second=READS)
        )
        rate = await hurried.deliver(RUSH)
        read = await reading
        await _until_shown(crowd, hurried)
    lags = _lags(sorted(hurried.answered), said["watchers"][0])
    failed = sum(n for status, n in read["statuses"].items() if status != "200")
    workload = f"{RUSH} pledges/s and {READS:,} reads/s for {SECONDS} s"
    cap = partial(Figure, is_cap=True)
    webhook_ms = percentile(hurried.took, 0.99) * 1_000
    return [
        Figure("pledges accepted", workload, rate, "/s", RUSH, goal=0.95),
        Figure("reads answered", workload, read["per_second"], "/s", READS, goal=0.95),
        cap("reads that failed", workload, failed, "", goal=0),
        cap("read, p99", workload, read["p99_ms"], "ms", goal=25),
        cap("webhook, p99", workload, webhook_ms, "ms", goal=100),
        cap("accepted to shown, p99", workload, percentile(lags, 0.99), "s", goal=0.5),
    ]


def _lags(instants: Sequence[float], seen: Sequence[tuple[float, int]]) -> list[float]:
    """Return for each instant how much later so many pledges were shown; all of them were."""
    found, at = [], 0
    for number, instant in enumerate(instants, start=1):
        while seen[at][1] < number:
            at += 1
        found.append(max(0.0, seen[at][0] - instant))
    return found


async def _persisted(crowd: Crowd, slug: str) -> list[float]:
    return [row["at"] for row in await owner.rows(crowd.stage, PERSISTED, slug)]


async def _until_shown(crowd: Crowd, prepared: _Prepared) -> None:
    """Wait until the last pledge is in the public figures, and a moment for it to arrive."""
    limit = time.monotonic() + SEEN_SECONDS
    while (await crowd.live(prepared.slug))["stats"]["pledgeCount"] < len(prepared.bodies):
        assert time.monotonic() < limit, "not all pledges are shown"
        await asyncio.sleep(0.1)
    await asyncio.sleep(SETTLED_SECONDS)


@asynccontextmanager
async def _watching(site: str, slug: str, count: int) -> AsyncIterator[dict[str, Any]]:
    """Let so many watch for a while; what is yielded is filled when they have stopped."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.bench.watchers", f"{site}/live/{slug}/events", str(count)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 30,
    )
    assert process.stdout
    assert (await process.stdout.readline()) == b"ready\n"
    said: dict[str, Any] = {}
    try:
        yield said
    finally:
        answer, _ = await process.communicate(b"")
        said.update(json.loads(answer))
