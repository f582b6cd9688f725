"""What an experiment is: a stack, people in front of it, faults, figures, and the checker."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp

from deploy.chaos.crowd import Crowd
from deploy.chaos.life import StageFailed
from deploy.chaos.rest import wait_for_rest
from deploy.chaos.stage import NotInTime, Stage, staged

REST_SECONDS = 90.0
CONNECTIONS_MAX = 200

Say = Callable[[str], None]


@dataclass(frozen=True)
class Measure:
    """One figure, and what it must not exceed; or must reach, where more is better."""

    what: str
    figure: float
    unit: str
    target: float
    is_floor: bool = False
    is_pace: bool = False
    """How fast it went: to be judged on a quiet machine only."""

    @property
    def ok(self) -> bool:
        """Tell whether the target is met."""
        return self.figure >= self.target if self.is_floor else self.figure <= self.target


@dataclass
class Play:
    """One run of an experiment: what it may touch."""

    stage: Stage
    crowd: Crowd
    say: Say
    chance: random.Random = field(default_factory=lambda: random.Random(0))

    async def rested(self, seconds: float = REST_SECONDS) -> None:
        """Wait until nothing is to come any more; raise `NotInTime` with what still is."""
        document = self.stage.document
        moving = await wait_for_rest(document["postgres"], document["nats"], None, seconds=seconds)
        if moving:
            raise NotInTime(f"not at rest within {seconds:g} s: {', '.join(moving)}")


Act = Callable[[Play], Awaitable[list[Measure]]]


@dataclass(frozen=True)
class Experiment:
    """A promise about faults, and how it is put to the test. The first measure is the figure."""

    id: str
    says: str
    act: Act
    proxied: tuple[str, ...] = ()
    chargers: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    nats_nodes: int = 1
    rest_seconds: float = REST_SECONDS


@dataclass(frozen=True)
class Result:
    """What came of it."""

    id: str
    says: str
    seconds: float
    faults: int
    faults_by_kind: dict[str, int]
    figure: float | None
    unit: str
    target: float | None
    measures: tuple[Measure, ...]
    violations: tuple[str, ...]
    ok: bool

    def as_json(self) -> dict[str, Any]:
        """Return it with what each measure came to."""
        measures = [{**asdict(each), "ok": each.ok} for each in self.measures]
        return {**asdict(self), "measures": measures}


async def run(experiment: Experiment, *, seed: int, say: Say) -> Result:
    """Play the experiment on a fresh stack and have the checker look at what is left."""
    began = time.monotonic()
    measures: list[Measure] = []
    violations: list[str] = []
    faults: dict[str, int] = {}
    try:
        async with playing(experiment, seed=seed, say=say) as play:
            try:
                measures = await experiment.act(play)
            except NotInTime as exc:
                violations.append(str(exc))
            say("the checker")
            report = await play.stage.inspect(experiment.rest_seconds)
            violations += map(str, report.violations)
            faults = {**play.stage.faults, **_of_proxies(play.stage)}
    except StageFailed as exc:
        violations.append(str(exc))
    first = measures[0] if measures else None
    return Result(
        id=experiment.id,
        says=experiment.says,
        seconds=round(time.monotonic() - began, 1),
        faults=sum(faults.values()),
        faults_by_kind=faults,
        figure=first.figure if first else None,
        unit=first.unit if first else "",
        target=first.target if first else None,
        measures=tuple(measures),
        violations=tuple(violations),
        ok=bool(measures) and all(each.ok for each in measures) and not violations,
    )


@asynccontextmanager
async def playing(experiment: Experiment, *, seed: int, say: Say) -> AsyncIterator[Play]:
    """Yield a fresh stack with people in front of it."""
    async with (
        staged(
            proxied=experiment.proxied,
            chargers=experiment.chargers,
            settings=experiment.settings,
            seed=seed,
            nats_nodes=experiment.nats_nodes,
        ) as stage,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX)) as http,
    ):
        yield Play(stage, Crowd(stage, http, seed=seed), say, random.Random(seed))


def _of_proxies(stage: Stage) -> dict[str, int]:
    """Return what the proxies did to connections; carrying them is no fault."""
    return {
        f"{kind} {name}": count
        for name, proxy in stage.proxies.items()
        for kind, count in proxy.counts.items()
        if kind != "connections"
    }


def play_sync(experiment: Experiment, *, seed: int = 0, say: Say = lambda text: None) -> Result:
    """Run one experiment to its end, from where there is no loop."""
    return asyncio.run(run(experiment, seed=seed, say=say))
