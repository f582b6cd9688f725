"""News to fifty thousand: how near to Resend's limit, at what memory, and nobody twice.

Resend takes so many requests a second, whatever is in them, and a hundred mails in each: that
is the ceiling. In the middle notify is killed. Goals: docs/benchmarks.md.
"""

import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from deploy.bench import cpu
from deploy.bench.correct import broken
from deploy.bench.figures import Bench, Figure, Say
from deploy.chaos import owner
from deploy.chaos.crowd import Crowd
from deploy.chaos.experiment import CONNECTIONS_MAX, Play
from deploy.chaos.stage import staged, until

MANY = "POOL_BENCH_RECIPIENTS"
MANY_DEFAULT = 10_000
REQUESTS_PER_SECOND = 2
BATCH = 100
LATENCY_MS = 250
OURS = ("postgres", "nats", "redis", "notify")
LOOK_SECONDS = 0.25
# Writing the first portions and the first answers are not the pace of the rest.
BEGUN = 500
KILLED_AT = 0.5
PATIENCE_SECONDS = 1_200.0
SUBJECT = "Every bridge stands"

# Each somebody of their own; they support what the first does.
COPIES = """
INSERT INTO notify.pledge_copies
    (pledge_id, campaign, recipient, address, language, is_standing, created_at)
SELECT format('pool-intent-bench%s', number), campaign, format('copy%s@halfmoon.example', number),
       format('copy%s@halfmoon.example', number), (ARRAY['en', 'es'])[1 + number % 2], true,
       created_at
FROM notify.pledge_copies
CROSS JOIN generate_series(1, $2::integer) AS number
WHERE campaign = $1
"""
ENDED_AS = """
SELECT status, count(*) FROM notify.mails WHERE kind = 'announcement' GROUP BY status
"""
LIMITED = """
SELECT count(DISTINCT batch_id)
FROM notify.deliveries
JOIN notify.mails USING (mail_id)
WHERE outcome = 'limited'
"""


@dataclass
class Told:
    """One broadcast as it was seen: when how many had arrived, and what notify held."""

    began: float
    arrived: list[tuple[float, int]] = field(default_factory=list)
    resident_mib: list[float] = field(default_factory=list)
    killed_at: float = 0.0

    def reached(self, count: int) -> float:
        """Return the instant at which so many had arrived."""
        return next(at for at, arrived in self.arrived if arrived >= count)

    @property
    def still_seconds(self) -> float:
        """Return for how long nothing arrived after the kill."""
        before = max(arrived for at, arrived in self.arrived if at <= self.killed_at)
        return self.reached(before + 1) - self.killed_at


async def run(seed: int, say: Say) -> list[Figure]:
    """Tell everybody once, and look at it while it goes."""
    many = int(os.environ.get(MANY, MANY_DEFAULT))
    settings = {"RESEND_REQUESTS_PER_SECOND": str(REQUESTS_PER_SECOND)}
    async with (
        staged(seed=seed, settings=settings) as stage,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX)) as http,
    ):
        play = Play(stage, Crowd(stage, http, seed=seed), say)
        slug = await _supported(play, many)
        await play.crowd.faults(
            latency_ms=LATENCY_MS, resend_rate_limit_per_second=REQUESTS_PER_SECOND
        )
        asked = await _announced(play, slug, many)
        used = cpu.seconds(stage, OURS)
        told = await _watched(play, many)
        used_ms = (cpu.seconds(stage, OURS) - used) * 1_000 / many
        await play.crowd.faults(reset=True)
        figures = [
            *_pace(told, many),
            *_memory(told, many),
            *asked,
            Figure("CPU per mail", f"{many:,} recipients, written and sent", used_ms, "ms"),
            *await _once(play, many),
            await broken(stage, say),
        ]
    for each in figures:
        say(each.line())
    return figures


async def _supported(play: Play, many: int) -> str:
    """Return a campaign that so many support, of whom one came by themselves."""
    slug = await play.crowd.publish("told", ends_in_days=20)
    await play.crowd.pledge(slug)
    await play.rested()
    conn: Any = await owner.connected(play.stage)
    try:
        await conn.execute(COPIES, slug, many - 1, timeout=300)
        await conn.execute("ANALYZE notify.pledge_copies")
    finally:
        await conn.close()
    return slug


async def _announced(play: Play, slug: str, many: int) -> list[Figure]:
    """Rehearse and send as the dashboard does; return how long either took."""
    news = {"campaignSlug": slug, "subject": SUBJECT, "body": "All seven of them.\n\nThank you."}
    path = "/admin/broadcast/announcement"
    began = time.perf_counter()
    rehearsed = await play.crowd.as_operator(path, {**news, "dryRun": True})
    between = time.perf_counter()
    sent = await play.crowd.as_operator(path, {**news, "audienceHash": rehearsed["audienceHash"]})
    ended = time.perf_counter()
    assert (rehearsed["audience"], sent["sent"], sent["alreadySent"]) == (many, many, False), sent
    again = await play.crowd.as_operator(path, news)
    assert again["alreadySent"], again
    workload = f"{many:,} recipients"
    return [
        Figure("rehearsal", workload, between - began, "s"),
        Figure("answer to a live send", workload, ended - between, "s"),
    ]


async def _watched(play: Play, many: int) -> Told:
    """Look on until everybody has it; kill notify when half of them do."""
    told = Told(time.monotonic())

    async def half_have_it() -> bool:
        return await _look(play, told) >= many * KILLED_AT

    async def all_have_it() -> bool:
        return await _look(play, told) >= many

    await _until(half_have_it, "half of them have it")
    told.killed_at = time.monotonic()
    play.stage.send("notify", signal.SIGKILL)
    play.say("notify is killed")
    await _until(all_have_it, "everybody has it")
    return told


async def _until(probe: Callable[[], Awaitable[bool]], what: str) -> None:
    await until(probe, seconds=PATIENCE_SECONDS, what=what, every=LOOK_SECONDS)


async def _look(play: Play, told: Told) -> int:
    """Note how many mails have arrived, and what notify holds in memory."""
    news = await _tallied(play)
    arrived = int(news["mails"]) if news else 0
    told.arrived.append((time.monotonic(), arrived))
    if play.stage.pid("notify"):
        told.resident_mib.append(cpu.resident_mib(play.stage, "notify"))
    return arrived


async def _tallied(play: Play) -> dict[str, Any]:
    _, counted = await play.crowd.patiently("GET", "/inbox/tally.json", is_sandbox=True)
    found: dict[str, Any] = counted["kinds"].get("announcement", {})
    return found


def _pace(told: Told, many: int) -> list[Figure]:
    """Return how fast it went, undisturbed and with the kill, beside what Resend takes."""
    limit = REQUESTS_PER_SECOND * BATCH
    half = round(many * KILLED_AT)
    first = next((at, arrived) for at, arrived in told.arrived if arrived >= BEGUN)
    undisturbed = (half - first[1]) / (told.reached(half) - first[0])
    seconds = told.reached(many) - told.began
    workload = f"{many:,} recipients, {REQUESTS_PER_SECOND} requests/s, Resend {LATENCY_MS} ms"
    killed = f"{workload}, notify killed in the middle"
    return [
        Figure("mails", workload, undisturbed, "/s", ceiling=limit, goal=0.9),
        Figure("mails, kill and all", killed, many / seconds, "/s", ceiling=limit, goal=0.75),
        Figure(
            "until the first arrived",
            workload,
            told.reached(1) - told.began,
            "s",
            goal=5.0,
            is_cap=True,
        ),
        Figure(
            "nothing arrived after the kill",
            killed,
            told.still_seconds,
            "s",
            goal=15.0,
            is_cap=True,
        ),
        Figure("until everybody had it", killed, seconds, "s"),
    ]


def _memory(told: Told, many: int) -> list[Figure]:
    sampled = told.resident_mib
    early = max(sampled[: max(1, len(sampled) // 10)])
    workload = f"{many:,} recipients"
    return [
        Figure("memory of notify, most", workload, max(sampled), "MiB", goal=200, is_cap=True),
        Figure(
            "memory, most after a tenth",
            workload,
            max(sampled),
            "MiB",
            ceiling=early,
            goal=1.15,
            is_cap=True,
        ),
    ]


async def _once(play: Play, many: int) -> list[Figure]:
    """Return that everybody has it once, by what Resend took and by what we wrote down."""
    await play.rested()
    news = await _tallied(play)
    ended = {row["status"]: row["count"] for row in await owner.rows(play.stage, ENDED_AS)}
    limited = await owner.value(play.stage, LIMITED)
    workload = f"{many:,} recipients, notify killed in the middle"
    return [
        Figure(
            "most mails to one of them",
            workload,
            news["most_to_one_recipient"],
            "",
            goal=1,
            is_cap=True,
        ),
        Figure("without a mail", workload, many - news["recipients"], "", goal=0, is_cap=True),
        Figure(
            "not written down as sent",
            workload,
            many - ended.get("sent", 0),
            "",
            goal=0,
            is_cap=True,
        ),
        Figure(
            "batches refused as too fast",
            workload,
            limited / (many / BATCH),
            "share",
            goal=0.05,
            is_cap=True,
        ),
    ]


BENCH = Bench("mail", "news to many, as a share of what Resend takes, with notify killed", run)
