"""E-19: every service is asked to stop, one after the other, twice, while people pledge.

One process of each, as `./pool up` has them: with two, whoever waits is given to the other.
"""

import asyncio
import signal
import time

from deploy.chaos import watching
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.stage import until
from deploy.local.layout import SERVICES

# The people and whoever looks have the same two cores as the process that starts.
PER_SECOND = 5
EVERY_SECONDS = 9.0
ROUNDS = 2
LOOK_EVERY_SECONDS = 0.1
GAP_SECONDS = 2.0
EXIT_SECONDS = 25.0


async def act(play: Play) -> list[Measure]:
    """Figures: people without their pledge, and how long each service did not answer."""
    slug = await play.crowd.publish("rolling", ends_in_days=5)
    before = play.stage.restarts()
    seconds = EVERY_SECONDS * ROUNDS * len(SERVICES)
    stopped: list[tuple[str, float]] = []
    slowest_exit = 0.0
    async with watching.probing(play.crowd, slug, every=LOOK_EVERY_SECONDS) as watch:
        people = asyncio.create_task(
            play.crowd.crowd(slug, round(seconds * PER_SECOND), per_second=PER_SECOND)
        )
        for service in SERVICES * ROUNDS:
            began = time.monotonic()
            stopped.append((service, began))
            slowest_exit = max(slowest_exit, await _stop(play, service))
            play.say(f"{service} ended after {time.monotonic() - began:.1f} s")
            await asyncio.sleep(max(0.0, began + EVERY_SECONDS - time.monotonic()))
        pledges = await people
    after = play.stage.restarts()
    lost = sum(not each.is_persisted for each in pledges)
    gaps = {
        service: max(
            watching.longest_gap(_within(watch, service, began))
            for stopping, began in stopped
            if stopping == service
        )
        for service in SERVICES
        if service in watching.ROUTES
    }
    strangers = [each for each in watch.seen if not _is_meant(each, stopped)]
    return [
        Measure("people without their pledge", lost, f"of {len(pledges)}", 0),
        *(
            Measure(f"longest gap of {service}", gap, "s", GAP_SECONDS, is_pace=True)
            for service, gap in gaps.items()
        ),
        Measure("faults of services left alone", watching.fault_percent(strangers), "%", 0),
        Measure("longest until a process had ended", round(slowest_exit, 1), "s", EXIT_SECONDS),
        Measure(
            "services not restarted exactly so often",
            sum(after[name] - before[name] != ROUNDS for name in SERVICES),
            "",
            0,
        ),
        Measure("pledges a second", PER_SECOND, "/s", PER_SECOND, is_floor=True),
    ]


async def _stop(play: Play, service: str) -> float:
    """Ask a service to stop; return how long its process went on."""
    began = time.monotonic()
    pid = play.stage.send(service, signal.SIGTERM)

    async def has_ended() -> bool:
        return play.stage.pid(service) != pid

    await until(has_ended, seconds=EXIT_SECONDS + 5, what=f"{service} has ended", every=0.02)
    return time.monotonic() - began


def _within(watch: watching.Watch, service: str, began: float) -> list[watching.Seen]:
    """Return what was seen of a service from a moment before it was stopped."""
    return [
        each
        for each in watch.since(began - 1, service)
        if each.at < began + EVERY_SECONDS - LOOK_EVERY_SECONDS
    ]


def _is_meant(each: watching.Seen, stopped: list[tuple[str, float]]) -> bool:
    """Tell whether somebody was stopped whom this answer went through: itself, or site."""
    return any(
        began - 1 < each.at < began + EVERY_SECONDS
        for service, began in stopped
        if service in (each.what, "site")
    )


EXPERIMENT = Experiment(
    id="E-19",
    says="every service is asked to stop in turn while people pledge",
    act=act,
)
