"""E-11: the deadline comes while fifty people save their card and fifty others withdraw.

Ten campaigns, each with a deadline of its own; every other one reaches its goal. People act
within two seconds around the instant. Changes at the deadline are E-11.1.
"""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deploy.chaos import owner, together
from deploy.chaos.crowd import MANAGE_LINK, Pledge, an_email
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.stage import until
from deploy.chaos.vendor import Vendor

ROUNDS = 10
CHECKOUTS = 50
CANCELS = 50
AROUND_SECONDS = 2.0
LEAD_SECONDS = 1.0
BEGIN = timedelta(minutes=10)
PER_SECOND = 25
OUT_OF_REACH = "500000"
# Who comes after the close may find the card charged already.
TOO_LATE = ("deadline_passed", "pledge_charged")


@dataclass
class Round:
    """One campaign: who is in it, and what each was told when the deadline came."""

    slug: str
    is_funded: bool
    deadline: datetime
    tokens: dict[str, str]
    checkouts: list[Pledge] = field(default_factory=list)
    cancelled: dict[str, bool] = field(default_factory=dict)
    """By address: whether we were told that the pledge is withdrawn."""


async def act(play: Play) -> list[Measure]:
    """Figures: answers that the ledger contradicts, and how many fell on either side."""
    rounds = [await _prepared(play, number) for number in range(ROUNDS)]
    play.say(f"{ROUNDS * CANCELS} people have pledged")
    for number, each in enumerate(rounds):
        await _cross(play, each)
        play.say(f"round {number + 1}: {sum(each.cancelled.values())} withdrew in time")
    for each in rounds:
        if each.is_funded:
            await play.crowd.wait_settled(each.slug)
    return await _judged(play, rounds)


async def _prepared(play: Play, number: int) -> Round:
    """Return a campaign in which people have pledged who may want to withdraw."""
    is_funded = number % 2 == 0
    goal = "50" if is_funded else OUT_OF_REACH
    slug = await play.crowd.publish("deadline", ends_in_days=number + 1, goal=goal)
    people = await play.crowd.crowd(slug, CANCELS, per_second=PER_SECOND)
    tokens: dict[str, str] = {}

    async def have_all() -> bool:
        wanted = {each.email for each in people}
        for mail in await play.crowd.mails("", "Pledge confirmed"):
            if mail["to"][0] in wanted and (link := MANAGE_LINK.search(mail["text"])):
                tokens[mail["to"][0]] = link[1]
        return len(tokens) == len(people)

    await until(have_all, seconds=60, what="everybody has their link", every=0.5)
    deadline = await owner.value(
        play.stage, "SELECT deadline_at FROM pledges.campaign_state WHERE campaign = $1", slug
    )
    return Round(slug, is_funded, deadline, tokens)


async def _cross(play: Play, this: Round) -> None:
    """Let people begin minutes before the deadline, and act in the seconds around it.

    Who begins any earlier has a session at Stripe that ends before the deadline comes.
    """
    await play.crowd.move_clock(now=(this.deadline - BEGIN).isoformat())
    this.checkouts = [Pledge(this.slug, an_email()) for _ in range(CHECKOUTS)]
    await together.each(this.checkouts, play.crowd.start)
    just_before = this.deadline - timedelta(seconds=AROUND_SECONDS + LEAD_SECONDS)
    await play.crowd.move_clock(now=just_before.isoformat())
    left_seconds = (this.deadline - await play.crowd.now()).total_seconds()
    instant = time.monotonic() + left_seconds

    async def at_some_time(deed: Awaitable[None]) -> None:
        at = instant + play.chance.uniform(-AROUND_SECONDS, AROUND_SECONDS)
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        await deed

    async def withdraw(email: str, token: str) -> None:
        status, answer = await play.crowd.cancel(token)
        assert status == 200 or answer["error"] in TOO_LATE, (status, answer)
        this.cancelled[email] = status == 200

    await asyncio.gather(
        *(at_some_time(play.crowd.save_card(each)) for each in this.checkouts),
        *(at_some_time(withdraw(*each)) for each in this.tokens.items()),
    )
    await play.crowd.wait_closed(this.slug)


async def _judged(play: Play, rounds: list[Round]) -> list[Measure]:
    """Compare what people and Stripe say with what the ledger has."""
    said = await Vendor(play).completions()
    in_time = late = withdrew = kept = wrong = 0
    for each in rounds:
        rows = await owner.rows(
            play.stage,
            "SELECT order_id, email, status FROM pledges.pledges WHERE campaign = $1",
            each.slug,
        )
        orders = {row["order_id"] for row in rows}
        statuses = {row["email"]: row["status"] for row in rows}
        for checkout in each.checkouts:
            event = said.get(checkout.order_id)
            counts = event is not None and event.created < each.deadline.timestamp()
            wrong += counts != (checkout.order_id in orders)
            in_time, late = in_time + counts, late + (not counts)
        for email, is_out in each.cancelled.items():
            wrong += is_out != (statuses[email] == "cancelled")
            withdrew, kept = withdrew + is_out, kept + (not is_out)
    asked = len(rounds) * (CHECKOUTS + CANCELS)
    return [
        Measure("answers that the ledger contradicts", wrong, f"of {asked}", 0),
        Measure("cards saved in time", in_time, "", len(rounds), is_floor=True),
        Measure("cards that came too late", late, "", len(rounds), is_floor=True),
        Measure("pledges withdrawn in time", withdrew, "", len(rounds), is_floor=True),
        Measure("withdrawals that came too late", kept, "", len(rounds), is_floor=True),
    ]


EXPERIMENT = Experiment(
    id="E-11",
    says="deadlines come while people save cards and withdraw",
    act=act,
    settings={"SETTLEMENT_CHARGES_PER_SECOND": "40"},
)
