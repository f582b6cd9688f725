"""E-4.1: each process and server is killed once, while many people are in the middle."""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

from deploy.chaos import bus, mailed
from deploy.chaos.checker import SCHEMAS
from deploy.chaos.crowd import Pledge
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.processes import descendants
from deploy.chaos.stage import until

PEOPLE = 50
PER_SECOND = 20
OPEN_MIN = 10
# At rest an order is done before the next one comes: people who type keep theirs open.
TYPING_SECONDS = 1.0
# A service dies with messages in its hands: applied, and not yet committed.
POINT = "inbox.before_commit"
SERVICES = SCHEMAS
BACKEND = "a backend of postgres"
OTHERS = ("settlement-charger-2", "sandbox", "nats", "redis", "postgres", BACKEND)


async def act(play: Play) -> list[Measure]:
    """Figures: pledges lost, the fewest that were open at a kill, what was delivered again."""
    deaths = Deaths(play)
    for service in SERVICES:
        await deaths.of(service, partial(_die_in_the_middle, play, service))
    await deaths.everybody_has_their_pledge()
    await play.rested()
    again = await bus.redeliveries(play.stage)
    play.say(f"delivered again: {dict(again)}")
    for victim in OTHERS:
        await deaths.of(victim, partial(_kill, play, victim))
    people = await deaths.everybody_has_their_pledge()
    await play.rested()
    await mailed.everybody(play.stage, seconds=90)
    mails = await play.crowd.mails("", "Pledge confirmed")
    told = Counter(mail["to"][0] for mail in mails)
    return [
        Measure(
            "people without their pledge",
            sum(not each.is_persisted for each in people),
            f"of {len(people)}",
            0,
        ),
        Measure(
            "people without exactly one confirmation",
            sum(told[each.email] != 1 for each in people),
            f"of {len(people)}",
            0,
        ),
        Measure("fewest open orders at a kill", deaths.open_min, "orders", OPEN_MIN, is_floor=True),
        Measure(
            "fewest messages a killed service was given again",
            min(again[service] for service in SERVICES),
            "",
            1,
            is_floor=True,
        ),
        Measure("kills without exactly one restart", deaths.restarts_off, "", 0),
        Measure("slowest pledge", round(max(each.seconds for each in people), 1), "s", 60),
        Measure(
            "processes and servers killed",
            deaths.count,
            "",
            len(SERVICES) + len(OTHERS),
            is_floor=True,
        ),
    ]


class Deaths:
    """One death after the other, each in a crowd of its own."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._coming: list[asyncio.Task[None]] = []
        self._people: list[Pledge] = []
        self.count = 0
        self.open_min = PEOPLE
        self.restarts_off = 0

    async def of(self, victim: str, kill: Callable[[], Awaitable[None]]) -> None:
        """Let people come, kill when enough of them are in the middle, see it started again."""
        slug = await self._play.crowd.publish("once", ends_in_days=5)
        before = self._play.stage.restarts()
        people: list[Pledge] = []
        coming = asyncio.create_task(_come(self._play, slug, people))
        self._coming.append(coming)

        async def enough_are_open() -> int:
            still = [each for each in people if each.order_id and not each.is_persisted]
            return len(still) if len(still) >= OPEN_MIN else 0

        open_now = await until(enough_are_open, seconds=30, what="ten are open", every=0.02)
        await kill()
        self.count += 1
        self.open_min = min(self.open_min, open_now)
        # A backend that dies takes the others with it, and Postgres itself stays.
        name, expected = ("postgres", 0) if victim == BACKEND else (victim, 1)

        async def is_back() -> bool:
            is_again = self._play.stage.restarts()[name] - before[name] >= expected
            return is_again and self._play.stage.pid(name) > 0

        await until(is_back, seconds=60, what=f"{name} is back")
        await until(lambda: _all_began(people), seconds=60, what="everybody has come")
        self.restarts_off += self._play.stage.restarts()[name] - before[name] != expected
        self._people += people
        self._play.say(f"{victim}: {open_now} were open")

    async def everybody_has_their_pledge(self) -> list[Pledge]:
        """Wait for all who came so far; return them."""
        await asyncio.gather(*self._coming)
        return self._people


async def _all_began(people: list[Pledge]) -> bool:
    return len(people) == PEOPLE


async def _come(play: Play, slug: str, people: list[Pledge]) -> None:
    """Let people begin at a steady pace; they are listed as soon as they do."""
    coming = []
    for _ in range(PEOPLE):
        coming.append(
            asyncio.create_task(play.crowd.pledge(slug, into=people, typing_seconds=TYPING_SECONDS))
        )
        await asyncio.sleep(1 / PER_SECOND)
    await asyncio.gather(*coming)


async def _die_in_the_middle(play: Play, service: str) -> None:
    """Have a service die where it holds messages, and wait until it has."""
    armed = play.stage.arm(service, POINT)

    async def has_died() -> bool:
        return not armed.exists()

    await until(has_died, seconds=30, what=f"{service} has died at {POINT}", every=0.02)
    play.stage.faults[f"{service} died at {POINT}"] += 1


async def _kill(play: Play, victim: str) -> None:
    if victim == BACKEND:
        play.stage.kill_one_of(descendants(play.stage.pid("postgres")), victim)
    else:
        play.stage.send(victim, signal.SIGKILL)


EXPERIMENT = Experiment(
    id="E-4.1",
    says="each process and server is killed once with ten orders open and more",
    act=act,
    chargers=2,
)
