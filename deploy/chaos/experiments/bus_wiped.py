"""E-7: the bus loses everything, with events nobody has heard, twice more under load."""

import asyncio
import time

from deploy.chaos.crowd import Pledge, an_email
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.stage import until
from deploy.local.layout import SERVICES

UNHEARD_MIN = 20
PER_SECOND = 20
PEOPLE = 400
LAG_SECONDS = 60.0


async def act(play: Play) -> list[Measure]:
    """Figures: how long until nothing waits any more, and who lost a pledge."""
    slug = await play.crowd.publish("wiped", ends_in_days=5)
    before = play.stage.restarts()
    frozen = play.stage.freeze("pledges")
    unheard, early = await _unheard(play, slug)
    play.stage.wipe_bus()
    play.stage.thaw(frozen)
    began = time.monotonic()
    await asyncio.gather(*(play.crowd.wait_persisted(each) for each in early))
    first = await _until_rest(play, began)
    play.say(f"{unheard} unheard events wiped, at rest after {first} s")
    people = asyncio.create_task(play.crowd.crowd(slug, PEOPLE, per_second=PER_SECOND))
    await asyncio.sleep(5)
    play.stage.wipe_bus()
    await asyncio.sleep(8)
    play.stage.wipe_bus()
    wiped = time.monotonic()
    pledges = early + await people
    second = await _until_rest(play, wiped)
    lost = [each for each in pledges if not each.is_persisted]
    after = play.stage.restarts()
    restarts = sum(after[name] - before[name] for name in SERVICES)
    return [
        Measure("until nothing waits, idle", first, "s", LAG_SECONDS),
        Measure("until nothing waits, under load", second, "s", LAG_SECONDS),
        Measure("people without their pledge", len(lost), f"of {len(pledges)}", 0),
        Measure("events unheard when it was wiped", unheard, "", UNHEARD_MIN, is_floor=True),
        Measure("restarts of services", restarts, "", 0),
    ]


async def _unheard(play: Play, slug: str) -> tuple[int, list[Pledge]]:
    """Let people save cards while the ledger sleeps; return how much it has not heard."""
    people = [Pledge(slug, an_email()) for _ in range(UNHEARD_MIN + 5)]

    async def save(pledge: Pledge) -> None:
        await play.crowd.start(pledge)
        await play.crowd.save_card(pledge)

    await asyncio.gather(*(save(each) for each in people))

    async def unheard() -> int:
        waiting = await play.stage.backlog("pledges-orders")
        return waiting if waiting >= UNHEARD_MIN else 0

    return await until(unheard, seconds=30, what="unheard events"), people


async def _until_rest(play: Play, began: float) -> float:
    await play.rested(120)
    return round(time.monotonic() - began, 1)


EXPERIMENT = Experiment(
    id="E-7",
    says="the bus loses everything it held, three times",
    act=act,
)
