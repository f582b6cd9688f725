"""What a restored platform is judged by: who was charged, who was told, whose pledge is here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.chaos import mailed, owner
from deploy.chaos.commands import answer
from deploy.chaos.crowd import Pledge
from deploy.chaos.experiment import Measure, Play
from deploy.chaos.stage import until

SUPPORTERS = 60
WHO_CANT_PAY = 6
OWED_CENTS = 5_644
"""A frame of 50 dollars with 7.875 % tax and 5 % tip, each half up."""

PER_SECOND = 20


@dataclass
class World:
    """What happened, as the people and the world outside know it."""

    paying: str
    running: str
    early: list[Pledge]
    late: list[Pledge] = field(default_factory=list)
    refunded: list[str] = field(default_factory=list)
    """Orders whose money went back after the backup."""

    told: Sequence[Mapping[str, Any]] = field(default_factory=list)
    """Mails that had arrived before the backup was begun."""

    made: Mapping[str, Any] = field(default_factory=dict)
    pledges_in_backup: int = 0


async def charged_once(play: Play, world: World, before: Counter[str]) -> list[Measure]:
    """Let the campaign be settled to its end; figures: sums that are not what they must be."""
    await play.crowd.wait_settled(world.paying, seconds=180)
    await play.rested(180)
    await play.crowd.move_clock(advance="P8D")

    async def is_settled() -> bool:
        return (await play.crowd.run_of(world.paying)).get("status") == "settled"

    await until(is_settled, seconds=120, what="settled", every=0.5)
    await play.rested(180)
    run = await play.crowd.run_of(world.paying)
    charged = await taken(play, world)
    sums = {
        each["amount"]
        for each in await play.crowd.payment_intents(world.paying)
        if each["status"] == "succeeded"
    }
    payers = SUPPORTERS - WHO_CANT_PAY
    return [
        Measure(
            "supporters charged twice",
            sum(count > 1 for count in charged.values()),
            f"of {SUPPORTERS}",
            0,
        ),
        Measure("supporters not charged who can pay", payers - len(charged), f"of {payers}", 0),
        Measure("charged after the restore", (charged - before).total(), "", 0),
        Measure("sums other than what was agreed to", len(sums - {OWED_CENTS}), "", 0),
        Measure("left unknown", run["unknown"], "charges", 0),
        Measure("certificate adds up", int(run["certificate"]["addsUp"]), "", 1, is_floor=True),
        Measure("supporters in the certificate", run["planned"], "", SUPPORTERS, is_floor=True),
    ]


async def told_once(play: Play, world: World) -> list[Measure]:
    """Figures: who was told anew what they knew before the backup, and who in the lost time."""
    await mailed.everybody(play.stage, seconds=180)
    now = Counter(map(_said, await play.crowd.mails("")))
    before = Counter(map(_said, world.told))
    again = sum(now[each] > count for each, count in before.items())
    thrice = sum(count > 2 for count in now.values())
    twice = sum(count > 1 for each, count in now.items() if each not in before)
    play.say(f"{twice} mails of the lost time came a second time")
    return [
        Measure("told before the backup and once more", again, f"of {len(before)} mails", 0),
        Measure("mails that came three times", thrice, "", 0),
    ]


def _said(mail: Mapping[str, Any]) -> tuple[str, str]:
    return mail["to"][0], mail["subject"]


async def pledges_back(
    play: Play, world: World, lost: Sequence[Mapping[str, Any]]
) -> list[Measure]:
    """Figures: pledges saved after the backup that are neither here again nor named."""
    orders = [each.order_id for each in world.late if each.is_persisted]
    here = await owner.rows(
        play.stage, "SELECT order_id FROM pledges.pledges WHERE order_id = ANY($1)", orders
    )
    named = {each["orderId"] for each in lost}
    gone = set(orders) - {row["order_id"] for row in here} - named
    since = len(orders) - world.pledges_in_backup
    return [
        Measure("pledges neither here again nor named", len(gone), f"of {len(orders)}", 0),
        Measure("pledges saved after the backup", since, "", PER_SECOND, is_floor=True),
        Measure("pledges that could not be made again", len(named), "", 0),
    ]


async def breaks(play: Play) -> int:
    _, report = await answer("reconcile", data=play.stage.data.path)
    for each in report["run"]["breaks"]:
        play.say(f"! {each}")
    return len(report["run"]["breaks"])


async def taken(play: Play, world: World) -> Counter[str]:
    """Return how often Stripe took money from each customer."""
    return Counter(
        each["customer"]
        for each in await play.crowd.payment_intents(world.paying)
        if each["status"] == "succeeded"
    )
