"""E-8: Redis is emptied, killed and stopped while people read and money is charged."""

import asyncio
import signal
from collections import Counter

from deploy.chaos import watching
from deploy.chaos.experiment import Experiment, Measure, Play

SUPPORTERS = 60
CHARGES_PER_SECOND = 5
BURST = 1.1


async def act(play: Play) -> list[Measure]:
    """Figures: faults people saw, and the most charges in a second against the limit."""
    slug = await play.crowd.publish("redis", ends_in_days=2)
    other = await play.crowd.publish("redis-read", ends_in_days=20)
    await play.crowd.crowd(slug, SUPPORTERS, per_second=15)
    play.crowd.calls.statuses.clear()
    async with watching.reading(play.crowd, other) as watch:
        await play.crowd.move_clock(advance="P3D")
        await asyncio.sleep(3)
        await play.stage.empty_redis()
        await asyncio.sleep(2)
        play.stage.send("redis", signal.SIGKILL)
        await asyncio.sleep(3)
        frozen = play.stage.freeze("redis")
        people = await play.crowd.crowd(other, 10, per_second=2)
        await asyncio.sleep(5)
        play.stage.thaw(frozen)
        await play.crowd.wait_settled(slug, seconds=90)
    charges = await play.crowd.payment_intents(slug)
    per_second = Counter(each["created"] for each in charges)
    lost = [each for each in people if not each.is_persisted]
    return [
        Measure("answers that were faults", play.crowd.calls.count(at_least=500), "", 0),
        Measure(
            "most charges in a second",
            max(per_second.values()),
            "/s",
            CHARGES_PER_SECOND * BURST + 1,
        ),
        Measure("p99 of page and live figures", watching.p99_ms(watch.seen), "ms", 150),
        Measure("people without their pledge", len(lost), f"of {len(people)}", 0),
        Measure("charges", len(charges), "", SUPPORTERS, is_floor=True),
    ]


EXPERIMENT = Experiment(
    id="E-8",
    says="Redis is emptied, killed and stopped while people read and money is charged",
    act=act,
    settings={"SETTLEMENT_CHARGES_PER_SECOND": str(CHARGES_PER_SECOND)},
)
