"""Settlement: how near to Stripe's limit, with how many chargers, at what cost.

Goals: docs/benchmarks.md, G6a to G6d. The rates are those the sandbox saw.
"""

import asyncio
import os

from deploy.bench.correct import broken
from deploy.bench.crew import LATENCY_MS, Crew, Run, crew
from deploy.bench.figures import Bench, Figure, Say
from deploy.chaos.crowd import Pledge, an_email

LIMIT = 25
RAISED = 100
SIZES = (60, 200, 1_000)
MANY = "POOL_BENCH_SUPPORTERS"
MANY_DEFAULT = 1_000
CREWS = (2, 4)
CREW_SUPPORTERS = 200
PEOPLE_AT_ONCE = 8


async def run(seed: int, say: Say) -> list[Figure]:
    """Play every workload; the first is made by people, so that the checker can judge it.

    Each figure is said as it comes, too: what was measured is not lost with what was not.
    """
    figures: list[Figure] = []

    def keep(*more: Figure) -> None:
        figures.extend(more)
        for each in more:
            say(each.line())

    async with crew(seed, say, limit=LIMIT) as one:
        say(f"{SIZES[0]} supporters at {LIMIT}/s")
        slug = await _by_people(one, SIZES[0])
        keep(*_figures(LIMIT, await one.settle(slug, SIZES[0])))
        keep(await broken(one.play.stage, say))
        alone: dict[int, Run] = {}
        for count in SIZES[1:]:
            say(f"{count:,} supporters at {LIMIT}/s")
            slug = await one.fill(count)
            alone[count] = await one.settle(slug, count)
            keep(*_figures(LIMIT, alone[count]))
        # Last of all: what Stripe was asked here belongs to no charge of ours.
        bare_ms = await one.bare_ms(slug)
        keep(*_bare_figures(alone[SIZES[-1]], bare_ms))
    for chargers in CREWS:
        say(f"{chargers} chargers, one of them killed")
        async with crew(seed, say, limit=LIMIT, chargers=chargers) as several:
            slug = await several.fill(CREW_SUPPORTERS)
            together = await several.settle(slug, CREW_SUPPORTERS, kill=True)
        keep(*_crew_figures(chargers, together, alone[CREW_SUPPORTERS]))
    many = int(os.environ.get(MANY, MANY_DEFAULT))
    say(f"{many:,} supporters at {RAISED}/s")
    async with crew(seed, say, limit=RAISED) as fast:
        keep(*_fast_figures(await fast.settle(await fast.fill(many), many)))
    return figures


async def _by_people(one: Crew, count: int) -> str:
    slug = await one.publish()
    waiting = [Pledge(slug, an_email()) for _ in range(count)]

    async def come() -> None:
        while waiting:
            await one.play.crowd.pledge(slug, email=waiting.pop().email)

    await asyncio.gather(*(come() for _ in range(PEOPLE_AT_ONCE)))
    await one.has_pledges(slug, count)
    return slug


def _figures(limit: int, run: Run) -> list[Figure]:
    """Return how near to the limit a settlement was, and that it never crossed it."""
    workload = f"{run.supporters:,} supporters, {limit}/s, Stripe and Resend {LATENCY_MS} ms"
    return [
        Figure(
            "charges",
            workload,
            run.per_second,
            "/s",
            ceiling=limit,
            goal=0.95,
        ),
        Figure("seconds", workload, run.seconds, "s", goal=run.supporters / limit + 2, is_cap=True),
        Figure("fullest second", workload, run.fullest, "requests", goal=limit, is_cap=True),
        Figure("refused as too fast", workload, run.refused, "share", goal=0.01, is_cap=True),
        Figure("charged twice", workload, run.charged_twice, "", goal=0, is_cap=True),
        Figure("CPU per charge", workload, run.cpu_ms, "ms", goal=3.0, is_cap=True),
    ]


def _bare_figures(run: Run, bare_ms: float) -> list[Figure]:
    """Return what a charge costs beside one with nothing around it."""
    return [
        Figure("CPU of a bare charge", "two calls of the SDK, four statements", bare_ms, "ms"),
        Figure(
            "CPU per charge, of a bare one",
            f"{run.supporters:,} supporters",
            run.cpu_ms,
            "ms",
            ceiling=bare_ms,
        ),
    ]


def _crew_figures(chargers: int, run: Run, alone: Run) -> list[Figure]:
    """Return whether several chargers, of which one dies, are what one is."""
    workload = f"{run.supporters:,} supporters, {chargers} chargers, one killed, {LIMIT}/s"
    return [
        Figure(
            "seconds, but for its charges",
            workload,
            run.undisturbed_seconds,
            "s",
            ceiling=alone.seconds,
            goal=1.1,
            is_cap=True,
        ),
        # One that held nothing would prove nothing.
        Figure("charges that it held", workload, run.held, "", goal=1),
        Figure("with those it had yet to begin", workload, run.disturbed, ""),
        *(
            each
            for each in _figures(LIMIT, run)
            if each.name in ("fullest second", "refused as too fast", "charged twice")
        ),
    ]


def _fast_figures(run: Run) -> list[Figure]:
    """Return the same at a raised limit, and what memory did while they were charged."""
    sampled = run.resident_mib
    early = max(sampled[: max(1, len(sampled) // 10)])
    workload = f"{run.supporters:,} supporters, {RAISED}/s"
    return [
        *_figures(RAISED, run),
        Figure("memory of settlement, most", workload, max(sampled), "MiB"),
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


BENCH = Bench("settlement", "charges as a share of what Stripe allows, by one and by many", run)
