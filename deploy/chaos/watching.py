"""Eyes on the platform while it is hurt: readers of pages, and one route of each service."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from deploy.chaos.crowd import Crowd
from deploy.chaos.processes import age_seconds

SERVER_FAULT = 500
# A process this old has long been ready: what fails now is not its start.
SETTLED_SECONDS = 8.0
# One that each service answers itself; notify answers nobody.
ROUTES = {
    "site": "/campaigns/{slug}/",
    "checkout": "/inventory/{slug}",
    "pledges": "/stats/{slug}",
    "settlement": "/admin/cron/status",
}


@dataclass(frozen=True)
class Seen:
    """One answer: when it was asked for, of what, and how it went. Status 0: none came."""

    at: float
    what: str
    status: int
    seconds: float
    is_untouched: bool = True

    @property
    def is_fault(self) -> bool:
        """Tell whether nobody answered, or with a fault of the platform's own."""
        return self.status == 0 or self.status >= SERVER_FAULT


@dataclass
class Watch:
    """What was seen so far."""

    seen: list[Seen] = field(default_factory=list)

    def since(self, began: float, *what: str) -> list[Seen]:
        """Return what was asked for since a moment."""
        return [each for each in self.seen if each.at >= began and each.what in what]


@asynccontextmanager
async def reading(crowd: Crowd, slug: str, *, every: float = 0.1) -> AsyncIterator[Watch]:
    """Read the campaign's page and its live figures over and over, as visitors do."""
    watch = Watch()
    paths = {"page": f"/campaigns/{slug}/", "live": f"/live/{slug}"}

    async def read(what: str) -> None:
        while True:
            at = time.monotonic()
            status, _ = await crowd.call("GET", paths[what], name=f"({what})")
            watch.seen.append(Seen(at, what, status, time.monotonic() - at))
            await asyncio.sleep(max(0.0, at + every - time.monotonic()))

    async with _running(read(what) for what in paths):
        yield watch


@asynccontextmanager
async def probing(crowd: Crowd, slug: str, *, every: float = 0.25) -> AsyncIterator[Watch]:
    """Ask one route of each service, and note whether its process, and site's, were touched."""
    watch = Watch()

    async def probe(owner: str) -> None:
        while True:
            before = _alive(crowd, owner)
            at = time.monotonic()
            status, _ = await crowd.call(
                "GET", ROUTES[owner].format(slug=slug), headers=crowd.admin, name=f"({owner})"
            )
            untouched = before is not None and before == _alive(crowd, owner)
            watch.seen.append(Seen(at, owner, status, time.monotonic() - at, untouched))
            await asyncio.sleep(max(0.0, at + every - time.monotonic()))

    async with _running(probe(owner) for owner in ROUTES):
        yield watch


def p99_ms(seen: Sequence[Seen]) -> float:
    """Return the time that one of a hundred exceeds; who got no answer waited for it too."""
    times = sorted(each.seconds for each in seen)
    if not times:
        return math.inf
    return round(times[min(len(times) - 1, math.ceil(len(times) * 0.99) - 1)] * 1000, 1)


def fault_percent(seen: Iterable[Seen]) -> float:
    """Return which share of the answers were faults, of those whose processes were untouched."""
    counted = [each for each in seen if each.is_untouched]
    return round(100 * sum(each.is_fault for each in counted) / max(1, len(counted)), 2)


def longest_gap(seen: Sequence[Seen]) -> float:
    """Return the longest time without a good answer, between two that were."""
    gap, last_good = 0.0, None
    for each in sorted(seen, key=lambda one: one.at):
        if not each.is_fault:
            if last_good is not None and each.at - last_good > gap:
                gap = each.at - last_good
            last_good = each.at
    return round(gap, 2)


def _alive(crowd: Crowd, owner: str) -> tuple[int, int] | None:
    pids = crowd.stage.pid(owner), crowd.stage.pid("site")
    return pids if all(age_seconds(pid) > SETTLED_SECONDS for pid in pids) else None


@asynccontextmanager
async def _running(loops: "Iterable[object]") -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(loop) for loop in loops]  # type: ignore[call-overload]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
