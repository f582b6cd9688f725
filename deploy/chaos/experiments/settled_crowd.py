"""E-9.1: a thousand supporters are charged while everything around the chargers breaks.

Amounts, cards and who pledges twice are drawn from the seed; an oracle that shares no code
with the platform says what each must pay. Nobody intervenes: whoever cannot pay is lost
when the window ends, and the certificate has to add up.
"""

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from deploy.chaos import mailed
from deploy.chaos.content import TierText
from deploy.chaos.crowd import Pledge, an_email
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.stage import until

SUPPORTERS = 1_000
TWICE = 300
PER_SECOND = 12
CHARGERS = ("settlement", "settlement-charger-2", "settlement-charger-3", "settlement-charger-4")
KILLS = 8
KILL_EVERY_SECONDS = 5.0
TIERS = (("frame", 50), ("reel", 12), ("print", 199))
GOOD = ("4242424242424242", "5555555555554444", "378282246310005", "4000002500003155")
BAD = ("4000000000000341", "4000008260003178", "4100000000000019", "4000002760003184")
"""Declined, without funds, blocked as fraud, and one whose bank wants to see the person."""


@dataclass
class Supporter:
    """Somebody with one or two pledges, and what the oracle says of them."""

    email: str
    wanted: list[tuple[str, int, str]]
    """Tier, quantity and card of each pledge, in their order."""
    pledges: list[Pledge] = field(default_factory=list)

    @property
    def owed_cents(self) -> int:
        """Return what all of it comes to: 7.875 % tax and 5 % tip, each half up per pledge."""
        prices = dict(TIERS)
        return sum(_total(prices[tier] * quantity * 100) for tier, quantity, _ in self.wanted)

    @property
    def can_pay(self) -> bool:
        """Tell whether the card that was saved last works."""
        return self.wanted[-1][2] in GOOD


def drawn(play: Play, supporters: int, twice: int) -> list[Supporter]:
    """Draw everybody from the seed: one in eight has a card that will not work."""
    chance = play.chance
    people = []
    for number in range(supporters):
        wanted = []
        for _ in range(2 if number < twice else 1):
            tier, _price = chance.choice(TIERS)
            card = chance.choice(BAD if chance.random() < 1 / 8 else GOOD)
            wanted.append((tier, chance.randint(1, 3), card))
        people.append(Supporter(an_email(), wanted))
    return people


async def act(play: Play) -> list[Measure]:
    """Play it at its full size."""
    return await settle(play, supporters=SUPPORTERS, twice=TWICE)


async def settle(
    play: Play,
    *,
    supporters: int,
    twice: int,
    kill_every_seconds: float = KILL_EVERY_SECONDS,
    chargers: Sequence[str] = CHARGERS,
    hurries: bool = False,
) -> list[Measure]:
    """Figures: supporters whom Stripe did not charge what the oracle says, and the proof.

    `hurries`: Stripe is well again after the trouble, and nobody waits for a lease to end.
    """
    tiers = tuple(TierText(id=tier, price=str(price), stackable=True) for tier, price in TIERS)
    slug = await play.crowd.publish("crowd", ends_in_days=2, tiers=tiers)
    people = drawn(play, supporters, twice)
    await _all_pledge(play, slug, people)
    play.say(f"{supporters} people made {supporters + twice} pledges")
    await play.rested(180)
    await _hurt_stripe(play)
    await play.crowd.move_clock(advance="P3D")
    await _trouble(play, kill_every_seconds, chargers)
    decided = await _charged(play, slug, hurries=hurries)
    await play.crowd.faults(reset=True)
    await play.crowd.move_clock(advance="P8D")
    await until(lambda: _is_settled(play, slug), seconds=120, what="settled", every=1.0)
    await mailed.everybody(play.stage, seconds=180)
    wrong, twice_paid = await _compared(play, slug, people)
    run = await play.crowd.run_of(slug)
    certificate = run["certificate"]
    return [
        Measure("supporters not charged what they owe", len(wrong), f"of {supporters}", 0),
        Measure("supporters charged twice", twice_paid, f"of {supporters}", 0),
        Measure("left unknown", run["unknown"], "charges", 0),
        Measure("certificate adds up", int(certificate["addsUp"]), "", 1, is_floor=True),
        Measure("supporters in the certificate", run["planned"], "", supporters, is_floor=True),
        Measure("until every charge was decided", round(decided, 1), "s", 400, is_pace=True),
        Measure(
            "people without their pledge",
            sum(not each.is_persisted for person in people for each in person.pledges),
            "",
            0,
        ),
    ]


async def _all_pledge(play: Play, slug: str, people: Sequence[Supporter]) -> None:
    began = time.monotonic()
    coming = []
    for number, person in enumerate(people):
        await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
        coming.append(asyncio.create_task(_pledge(play, slug, person)))
    await asyncio.gather(*coming)


async def _pledge(play: Play, slug: str, person: Supporter) -> None:
    """Make somebody's pledges one after the other: the last card is the newest."""
    for number, (tier, quantity, card) in enumerate(person.wanted):
        if number:
            # Stripe's times are whole seconds.
            await asyncio.sleep(1.1)
        pledge = await play.crowd.pledge(
            slug, email=person.email, card=card, tier=tier, quantity=quantity
        )
        person.pledges.append(pledge)


async def _charged(play: Play, slug: str, *, hurries: bool) -> float:
    """Wait until no charge is undecided; return how many seconds that took."""
    began = time.monotonic()
    if hurries:
        await play.crowd.faults(reset=True)
    async with _leases_skipped(play) if hurries else contextlib.nullcontext():
        await play.crowd.wait_settled(slug, seconds=600)
    return time.monotonic() - began


async def _hurt_stripe(play: Play) -> None:
    """Make Stripe and Resend slow, forgetful and failing, and the webhooks a mess."""
    await play.crowd.faults(
        latency_ms=250,
        timeout_rate=0.05,
        error_rate=0.02,
        duplicate_webhooks=True,
        reorder_webhooks=True,
    )
    play.stage.faults["lost answers, 5 %"] += 1
    play.stage.faults["500s, 2 %"] += 1


async def _trouble(play: Play, every_seconds: float, chargers: Sequence[str]) -> None:
    """Kill a charger again and again, and Postgres and NATS once each in between."""
    servers = {2: "postgres", 4: "nats"}
    for number in range(KILLS):
        await asyncio.sleep(every_seconds)
        play.stage.send(play.chance.choice(chargers), signal.SIGKILL)
        if number in servers:
            play.stage.send(servers[number], signal.SIGKILL)
            play.say(f"killed {servers[number]}")


@contextlib.asynccontextmanager
async def _leases_skipped(play: Play) -> AsyncIterator[None]:
    """Let every lease and every wait before a look end at once, for a while."""

    async def skip_for_ever() -> None:
        while True:
            await play.stage.skip_leases()
            await asyncio.sleep(1.0)

    skipping = asyncio.create_task(skip_for_ever())
    try:
        yield
    finally:
        skipping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await skipping


async def _is_settled(play: Play, slug: str) -> bool:
    return (await play.crowd.run_of(slug)).get("status") == "settled"


async def _compared(
    play: Play, slug: str, people: Sequence[Supporter]
) -> tuple[list[Supporter], int]:
    """Return whom Stripe did not charge what the oracle says, and how many it charged twice."""
    intents = await play.crowd.payment_intents(slug)
    paid: dict[str, list[int]] = {}
    for each in intents:
        if each["status"] == "succeeded":
            for order in each["metadata"]["orders"].split(","):
                paid.setdefault(order, []).append(each["amount"])
    wrong = [
        person
        for person in people
        if paid.get(person.pledges[0].order_id, [])
        != ([person.owed_cents] if person.can_pay else [])
    ]
    customers = Counter(each["customer"] for each in intents if each["status"] == "succeeded")
    return wrong, sum(count > 1 for count in customers.values())


def _total(subtotal_cents: int) -> int:
    subtotal = Decimal(subtotal_cents)
    tax, tip = subtotal * Decimal("0.07875"), subtotal * Decimal("0.05")
    return subtotal_cents + sum(
        int(part.quantize(Decimal(1), rounding=ROUND_HALF_UP)) for part in (tax, tip)
    )


EXPERIMENT = Experiment(
    id="E-9.1",
    says="1,000 supporters charged to the cent while chargers, Postgres and NATS are killed",
    act=act,
    chargers=len(CHARGERS),
    rest_seconds=240,
)
