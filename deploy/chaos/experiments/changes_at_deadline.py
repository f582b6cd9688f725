"""E-11.1: the campaign closes while 200 people withdraw and 200 others change their pledge.

They act in the ten seconds before the deadline and the two after it. What counts is what the
ledger said to each: who was told that a pledge is withdrawn is not charged, who was told that it
is changed is charged the new sum, and everybody else what they had pledged.
"""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deploy.chaos import owner
from deploy.chaos.content import TierText
from deploy.chaos.crowd import MANAGE_LINK
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.experiments.deadline import TOO_LATE
from deploy.chaos.stage import until

PEOPLE = 200
PER_SECOND = 25
FRAMES = 1_000
# As many as two cores serve in that time: then about half of them are late.
BEFORE_SECONDS, AFTER_SECONDS = 10.0, 2.0
LEAD_SECONDS = 1.0

ACTIVE_AT_CLOSE = """
    SELECT count(*)
    FROM pledges.pledges
    WHERE campaign = $1
      AND status NOT IN ('cancelled', 'released')
"""
ASKED_FOR = """
    SELECT coalesce(sum(cardinality(pledge_ids)), 0)
    FROM pledges.charge_requests
    WHERE campaign = $1
"""
WRONG_SUMS = """
    SELECT count(*)
    FROM pledges.charge_requests AS request
    WHERE request.campaign = $1
      AND amount_cents <> (
          SELECT sum(total_cents)
          FROM pledges.pledges
          WHERE pledge_id = ANY(request.pledge_ids)
      )
"""
CLAIMED = """
    SELECT coalesce(sum(quantity), 0)
    FROM checkout.reservations
    WHERE campaign = $1
      AND state = 'claimed'
"""
PLEDGED = """
    SELECT coalesce(sum(quantity), 0)
    FROM pledges.pledge_lines
    JOIN pledges.pledges USING (pledge_id)
    WHERE campaign = $1
      AND status <> 'cancelled'
"""
STANDING = """
    SELECT email, status, revision, (
        SELECT sum(quantity)
        FROM pledges.pledge_lines
        WHERE pledge_lines.pledge_id = pledges.pledge_id
    ) AS frames, EXISTS (
        SELECT
        FROM pledges.charge_requests
        WHERE pledges.pledge_id = ANY(pledge_ids)
    ) AS is_asked_for
    FROM pledges.pledges
    WHERE campaign = $1
"""


@dataclass
class Told:
    """What each person was told, by address: whether their deed was done."""

    cancelled: dict[str, bool] = field(default_factory=dict)
    changed: dict[str, bool] = field(default_factory=dict)


async def act(play: Play) -> list[Measure]:
    """Figures: what the ledger contradicts, and how many fell on either side."""
    return await story(play, people=PEOPLE)


async def story(play: Play, *, people: int) -> list[Measure]:
    """Let so many withdraw and as many change while the campaign closes."""
    tier = TierText(stackable=True, limit_total=FRAMES)
    slug = await play.crowd.publish("changes", ends_in_days=1, tiers=(tier,))
    tokens = await _tokens(play, slug, 2 * people)
    play.say(f"{len(tokens)} people have pledged")
    told = await _cross(play, slug, tokens, people)
    await play.crowd.wait_settled(slug)
    play.say(f"{sum(told.cancelled.values())} withdrew, {sum(told.changed.values())} changed")
    return await _judged(play, slug, told)


async def _tokens(play: Play, slug: str, count: int) -> dict[str, str]:
    """Let people pledge; return the key in each one's mail."""
    crowd = await play.crowd.crowd(slug, count, per_second=PER_SECOND)
    wanted = {each.email for each in crowd}
    tokens: dict[str, str] = {}

    async def have_all() -> bool:
        for mail in await play.crowd.mails("", "Pledge confirmed"):
            if mail["to"][0] in wanted and (link := MANAGE_LINK.search(mail["text"])):
                tokens[mail["to"][0]] = link[1]
        return len(tokens) == count

    await until(have_all, seconds=60, what="everybody has their link", every=0.5)
    return tokens


async def _cross(play: Play, slug: str, tokens: dict[str, str], people: int) -> Told:
    """Let everybody act once, in the seconds around the deadline."""
    told = Told()
    deadline: datetime = await owner.value(
        play.stage, "SELECT deadline_at FROM pledges.campaign_state WHERE campaign = $1", slug
    )
    just_before = deadline - timedelta(seconds=BEFORE_SECONDS + LEAD_SECONDS)
    await play.crowd.move_clock(now=just_before.isoformat())
    left_seconds = (deadline - await play.crowd.now()).total_seconds()
    instant = time.monotonic() + left_seconds

    async def at_some_time(deed: Awaitable[None]) -> None:
        at = instant + play.chance.uniform(-BEFORE_SECONDS, AFTER_SECONDS)
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        await deed

    async def withdraw(email: str, token: str) -> None:
        status, answer = await play.crowd.cancel(token)
        assert status == 200 or answer["error"] in TOO_LATE, (status, answer)
        told.cancelled[email] = status == 200

    async def change(email: str, token: str) -> None:
        wanted = {"token": token, "addTiers": [{"id": "frame", "qty": 2}], "revision": 1}
        status, answer = await play.crowd.patiently(
            "POST", "/pledge/modify", body=wanted, headers={"Idempotency-Key": email}
        )
        assert status == 200 or answer["error"] in (*TOO_LATE, "not_live"), (status, answer)
        told.changed[email] = status == 200

    everybody = list(tokens.items())
    await asyncio.gather(
        *(at_some_time(withdraw(*each)) for each in everybody[:people]),
        *(at_some_time(change(*each)) for each in everybody[people:]),
    )
    await play.crowd.wait_closed(slug)
    return told


async def _judged(play: Play, slug: str, told: Told) -> list[Measure]:
    """Compare what people were told with the ledger, the charges, and the stock."""
    stage = play.stage
    rows = {row["email"]: row for row in await owner.rows(stage, STANDING, slug)}
    wrong = 0
    for email, is_out in told.cancelled.items():
        row = rows[email]
        wrong += is_out != (row["status"] == "cancelled") or is_out == row["is_asked_for"]
    for email, is_done in told.changed.items():
        row = rows[email]
        wrong += is_done != (row["frames"] == 2) or not row["is_asked_for"]

    async def claims_fit() -> bool:
        claimed = await owner.value(stage, CLAIMED, slug)
        return bool(claimed == await owner.value(stage, PLEDGED, slug))

    await until(claims_fit, seconds=30, what="claims are the sum of quantities", every=0.5)
    active = await owner.value(stage, ACTIVE_AT_CLOSE, slug)
    asked = await owner.value(stage, ASKED_FOR, slug)
    answers = [*told.cancelled.values(), *told.changed.values()]
    return [
        Measure("answers that the ledger contradicts", wrong, f"of {len(answers)}", 0),
        Measure(
            "pledges active at the close and not asked for, or the reverse",
            abs(active - asked),
            f"of {active}",
            0,
        ),
        Measure(
            "charges over another sum than their pledges",
            await owner.value(stage, WRONG_SUMS, slug),
            "",
            0,
        ),
        Measure("withdrawn in time", sum(told.cancelled.values()), "", 1, is_floor=True),
        Measure("changed in time", sum(told.changed.values()), "", 1, is_floor=True),
        Measure("came too late", answers.count(False), "", 1, is_floor=True),
    ]


EXPERIMENT = Experiment(
    id="E-11.1",
    says="200 people withdraw and 200 change their pledge while the campaign closes",
    act=act,
    settings={"SETTLEMENT_CHARGES_PER_SECOND": "40"},
)
