"""E-4: a random service is killed every five seconds while people pledge."""

import asyncio
import signal
import time

from deploy.chaos import watching
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.local.layout import SERVICES

PER_SECOND = 20
SECONDS = 100
EVERY_SECONDS = 5.0


async def act(play: Play) -> list[Measure]:
    """Figures: who lost a pledge, and how the services that were left alone did meanwhile."""
    slug = await play.crowd.publish("killed", ends_in_days=5)
    async with watching.probing(play.crowd, slug) as watch:
        people = asyncio.create_task(
            play.crowd.crowd(slug, PER_SECOND * SECONDS, per_second=PER_SECOND)
        )
        limit = time.monotonic() + SECONDS
        while time.monotonic() < limit:
            await asyncio.sleep(EVERY_SECONDS)
            victim = play.chance.choice(SERVICES)
            play.stage.send(victim, signal.SIGKILL)
            play.say(f"killed {victim}")
        ended = time.monotonic()
        pledges = await people
    report = await play.stage.inspect(90)
    lost = [each for each in pledges if not each.is_persisted]
    return [
        Measure("people without their pledge", len(lost), f"of {len(pledges)}", 0),
        Measure("faults of services left alone", watching.fault_percent(watch.seen), "%", 1),
        Measure("broken invariants", len(report.violations), "", 0),
        Measure("from the last kill to rest", round(time.monotonic() - ended, 1), "s", 45),
        Measure("pledges a second", PER_SECOND, "/s", PER_SECOND, is_floor=True),
    ]


EXPERIMENT = Experiment(
    id="E-4",
    says="a random service is killed every 5 s under 20 pledges a second",
    act=act,
)
