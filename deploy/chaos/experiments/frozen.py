"""E-5: everything is stopped for twenty seconds, two things at a time, while people read."""

import asyncio
import time

from deploy.chaos import watching
from deploy.chaos.experiment import Experiment, Measure, Play

STOPPED_SECONDS = 20.0
P99_MS = 150.0
RECOVERY_SECONDS = 10.0
# Together: what the pages need neither of, so that the whole takes half as long.
PAIRS = (
    ("redis", "notify"),
    ("nats", "settlement"),
    ("postgres",),
    ("checkout", "sandbox"),
    ("pledges",),
    ("site",),
)


async def act(play: Play) -> list[Measure]:
    """Figures: what a page and its live figures take meanwhile, and how soon people pledge."""
    slug = await play.crowd.publish("frozen", ends_in_days=5)
    await play.crowd.crowd(slug, 5, per_second=5)
    measures: list[Measure] = []
    async with watching.reading(play.crowd, slug) as watch:
        for pair in PAIRS:
            name = " and ".join(pair)
            frozen = [play.stage.freeze(each) for each in pair]
            began = time.monotonic()
            await asyncio.sleep(STOPPED_SECONDS)
            for each in frozen:
                play.stage.thaw(each)
            thawed = time.monotonic()
            if "site" not in pair:
                seen = [each for each in watch.since(began, "page", "live") if each.at < thawed]
                faults = sum(each.is_fault for each in seen)
                p99 = watching.p99_ms(seen)
                measures += [
                    Measure(f"p99 with {name} stopped", p99, "ms", P99_MS),
                    Measure(f"faults with {name} stopped", faults, f"of {len(seen)}", 0),
                ]
            await play.crowd.pledge(slug)
            recovery = round(time.monotonic() - thawed, 1)
            measures.append(
                Measure(f"a pledge after {name} goes on", recovery, "s", RECOVERY_SECONDS)
            )
            play.say(f"{name}: {measures[-1].figure} s until a pledge")
    return measures


EXPERIMENT = Experiment(
    id="E-5",
    says="each service and server stands still for 20 s, and people read on",
    act=act,
)
