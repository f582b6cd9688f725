"""E-4.1: each process and server is killed once, while many people are in the middle."""

import asyncio
import signal

from deploy.chaos.checker import SCHEMAS
from deploy.chaos.crowd import Pledge
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.stage import descendants, until

PEOPLE = 50
PER_SECOND = 20
OPEN_MIN = 10
VICTIMS = (
    *("checkout", "pledges", "settlement", "settlement-charger-2", "notify", "site"),
    *("sandbox", "nats", "redis", "postgres", "a backend of postgres"),
)


async def act(play: Play) -> list[Measure]:
    """Figures: pledges lost, the fewest that were open at a kill, restarts that were reported."""
    lost, open_min, seconds_max = 0, PEOPLE, 0.0
    restarts_off = 0
    for victim in VICTIMS:
        slug = await play.crowd.publish("once", ends_in_days=5)
        before = play.stage.restarts()
        people: list[Pledge] = []
        coming = asyncio.create_task(_come(play, slug, people))

        async def enough_are_open(people: list[Pledge] = people) -> int:
            still = [each for each in people if each.order_id and not each.is_persisted]
            return len(still) if len(still) >= OPEN_MIN else 0

        open_now = await until(enough_are_open, seconds=30, what="ten are open", every=0.02)
        _kill(play, victim)
        open_min = min(open_min, open_now)
        await coming
        lost += sum(not each.is_persisted for each in people)
        slowest = max(each.seconds for each in people)
        seconds_max = max(seconds_max, slowest)
        after = play.stage.restarts()
        name = "postgres" if victim not in before else victim
        # A backend that dies takes the others with it, and Postgres itself stays.
        expected = 0 if victim not in before else 1
        restarts_off += abs(after[name] - before[name] - expected)
        play.say(f"{victim}: {open_now} open, slowest pledge {slowest:.1f} s")
    return [
        Measure("people without their pledge", lost, f"of {PEOPLE * len(VICTIMS)}", 0),
        Measure("fewest open orders at a kill", open_min, "orders", OPEN_MIN, is_floor=True),
        Measure("kills without exactly one restart", restarts_off, "", 0),
        Measure("slowest pledge", round(seconds_max, 1), "s", 60),
        Measure("processes and servers killed", len(VICTIMS), "", len(VICTIMS), is_floor=True),
    ]


async def _come(play: Play, slug: str, people: list[Pledge]) -> None:
    """Let people begin at a steady pace; they are listed as soon as they do."""
    coming = []
    for _ in range(PEOPLE):
        coming.append(asyncio.create_task(play.crowd.pledge(slug, into=people)))
        await asyncio.sleep(1 / PER_SECOND)
    await asyncio.gather(*coming)


def _kill(play: Play, victim: str) -> None:
    if victim == "a backend of postgres":
        backends = descendants(play.stage.pid("postgres"))
        play.stage.kill_one_of(backends, victim)
    else:
        play.stage.send(victim, signal.SIGKILL)


assert set(SCHEMAS) < set(VICTIMS)

EXPERIMENT = Experiment(
    id="E-4.1",
    says="each process and server is killed once with ten orders open and more",
    act=act,
    chargers=2,
)
