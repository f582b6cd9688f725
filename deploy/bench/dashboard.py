"""The dashboard of a campaign with 100,000 pledges: how long its pages take, beside each other.

Goals: docs/benchmarks.md, "dashboard".
"""

import os
import re
import time
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

import aiohttp

from deploy.bench.checkout import play_round, together
from deploy.bench.figures import Bench, Figure, Say, percentile
from deploy.bench.fill import copy_pledge
from deploy.bench.ledger import MEGABYTE, peak
from deploy.bench.webhooks import Webhooks
from deploy.chaos import owner
from deploy.chaos.crowd import Crowd
from deploy.chaos.stage import Stage, staged, until

COPIES = int(os.environ.get("POOL_BENCH_PLEDGES", "100000"))
LOOKS, AT_ONCE = 60, 4
PAGE_MS_MAX = 300.0
PLAN_MS_MAX = 3_000.0
DOWNLOAD_SECONDS = 300.0
CSV_ROW = re.compile(rb"\n")

# What settlement knows of each copy, for its plan.
SETTLEMENT = """
INSERT INTO settlement.pledge_copies
SELECT copied.*
FROM settlement.pledge_copies AS original
CROSS JOIN generate_series(1, $2::integer) AS number
CROSS JOIN LATERAL jsonb_populate_record(
    NULL::settlement.pledge_copies, to_jsonb(original) || jsonb_build_object(
        'pledge_id', format('pool-intent-bench%s', number),
        'supporter_id', format('sup_bench%s', number))) AS copied
WHERE original.pledge_id = $1
"""
# Copies of one moment would be sorted by nothing: a pledge a second.
SPREAD = """
UPDATE pledges.pledges
SET created_at = created_at - make_interval(secs => substr(pledge_id, 18)::integer)
WHERE pledge_id LIKE 'pool-intent-bench%'
"""


async def run(seed: int, say: Say) -> list[Figure]:
    """Look at every page that lists people, first and deep, found and not found."""
    figures: list[Figure] = []
    async with (
        staged(seed=seed) as stage,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        crowd = Crowd(stage, http, seed=seed)
        await crowd.faults(drop_webhooks=True)
        made = await play_round(crowd, Webhooks(stage, http), count=1, at_once=1)
        slug, pledge_id = await _filled(stage, made.order_ids[0], say)
        await _sign_in(stage, http, crowd)
        for name, path in (await _pages(stage, http, slug, pledge_id)).items():
            figure = await _looked_at(stage, http, name, path)
            say(figure.line())
            figures.append(figure)
        # All of it is computed, whatever is shown: the hash is of every charge.
        plan = f"/admin/settlement/{slug}/plan/"
        slow = await _looked_at(stage, http, "a plan", plan, looks=5, at_once=1, most=PLAN_MS_MAX)
        say(slow.line())
        figures.append(slow)
        for figure in await _file(stage, http, slug):
            say(figure.line())
            figures.append(figure)
    return figures


async def _filled(stage: Stage, order_id: str, say: Say) -> tuple[str, str]:
    """Let one pledge be many people's, in the ledger and at settlement."""
    say(f"{COPIES:,} pledges")
    conn: Any = await owner.connected(stage)
    try:
        query = "SELECT campaign, pledge_id FROM pledges.pledges WHERE order_id = $1"
        row = await conn.fetchrow(query, order_id)
        known = "SELECT count(*) FROM settlement.pledge_copies WHERE pledge_id = $1"

        async def is_known() -> bool:
            return bool(await conn.fetchval(known, row["pledge_id"]))

        await until(is_known, seconds=30, what="settlement to hear of the pledge")
        await copy_pledge(stage, row["pledge_id"], COPIES)
        async with conn.transaction():
            await conn.execute("SET LOCAL session_replication_role = replica")
            await conn.execute(SETTLEMENT, row["pledge_id"], COPIES, timeout=300)
            await conn.execute(SPREAD, timeout=300)
        await conn.execute("VACUUM ANALYZE pledges.pledges", timeout=300)
        await conn.execute("VACUUM ANALYZE settlement.pledge_copies", timeout=300)
    finally:
        await conn.close()
    return row["campaign"], row["pledge_id"]


async def _sign_in(stage: Stage, http: aiohttp.ClientSession, crowd: Crowd) -> None:
    """Be a super: invited, and in by the link."""
    body = {"email": "bench@pool.example", "role": "super"}
    url = f"{stage.site}/admin/invitations"
    async with http.post(url, json=body, headers=crowd.admin) as answer:
        assert answer.status == 200, await answer.text()
        token = (await answer.json())["signInUrl"].partition("t=")[2]
    form, origin = {"t": token}, {"Origin": stage.site}
    url = f"{stage.site}/admin/sign-in"
    async with http.post(url, data=form, headers=origin, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()


async def _pages(
    stage: Stage, http: aiohttp.ClientSession, slug: str, pledge_id: str
) -> dict[str, str]:
    """Return the pages by what is looked for; a deep one begins in the middle."""
    people = f"/admin/people/{slug}/"
    middle = f"copy{COPIES // 2}@halfmoon.example"
    return {
        "by date": people,
        "by date, the oldest": f"{people}?order=created&way=up",
        "by amount": f"{people}?order=amount&way=down",
        "by address": f"{people}?order=email&way=up",
        "by address, deep": f"{people}?order=email&way=up&after={quote(middle + '~')}x",
        "an address found": f"{people}?search={quote(middle)}",
        "nobody found": f"{people}?search=nobody-of-that-name",
        "a pledge found": f"{people}?search={pledge_id}",
        "a state nobody has": f"{people}?status=payment_failed",
        "of all campaigns": "/admin/people/",
        "a person": f"/admin/people/{slug}/{pledge_id}/",
        "a settlement": f"/admin/settlement/{slug}/",
        "operations": "/admin/operations/",
        "the summary": "/admin/",
    }


async def _looked_at(
    stage: Stage,
    http: aiohttp.ClientSession,
    name: str,
    path: str,
    *,
    looks: int = LOOKS,
    at_once: int = AT_ONCE,
    most: float = PAGE_MS_MAX,
) -> Figure:
    taken: list[float] = []

    async def look() -> None:
        began = time.perf_counter()
        async with http.get(stage.site + path) as answer:
            body = await answer.read()
        assert answer.status == 200, (path, answer.status, body[:300])
        taken.append((time.perf_counter() - began) * 1_000)

    await look()
    taken.clear()
    await together(at_once, [partial(look) for _ in range(looks)])
    workload = f"{COPIES:,} pledges, {looks} looks, {at_once} at once, p95"
    p95 = percentile(taken, 0.95)
    return Figure(f"dashboard, {name}", workload, p95, "ms", goal=most, is_cap=True)


async def _file(stage: Stage, http: aiohttp.ClientSession, slug: str) -> Sequence[Figure]:
    """Take everybody along as a file, and a report: neither may stand whole in site's memory."""
    found: list[Figure] = []
    for name, path in (
        ("supporters as CSV", f"/admin/people.csv?campaign={slug}"),
        ("a report as CSV", f"/admin/report/{slug}/csv?type=pledge"),
    ):
        before, rows, size = peak(stage, "site", forget=True), 0, 0
        began = time.perf_counter()
        limit = aiohttp.ClientTimeout(total=DOWNLOAD_SECONDS)
        async with http.get(stage.site + path, timeout=limit) as answer:
            assert answer.status == 200, answer.status
            async for part in answer.content.iter_any():
                rows += len(CSV_ROW.findall(part))
                size += len(part)
        seconds = time.perf_counter() - began
        assert rows > COPIES, f"{rows} rows"
        workload = f"{rows:,} rows, {size / 1e6:.0f} MB"
        found.append(Figure(name, workload, seconds, "s"))
        grown = peak(stage, "site") - before
        # Half of the smaller file: what is held whole would be more.
        cap = size / MEGABYTE / MEGABYTE / 2
        found.append(Figure(f"memory for {name}", workload, grown, "MB", goal=cap, is_cap=True))
    return found


BENCH = Bench("dashboard", "pages and files of a campaign with 100,000 pledges", run)
