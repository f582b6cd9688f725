"""E-12: Stripe says everything three times, in any order and at once; browsers say it too."""

import time
from itertools import chain

from deploy.chaos import together
from deploy.chaos.crowd import Pledge
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.stage import until
from deploy.chaos.vendor import Event, Vendor

PEOPLE = 1_000
COPIES = 3
WEBHOOK_FIRST = 0.3
PER_SECOND = 150
P99_SECONDS = 0.5


async def act(play: Play) -> list[Measure]:
    """Figures: pledges that are missing or too many, and how fast webhooks are taken in."""
    return await story(play, people=PEOPLE)


async def story(play: Play, *, people: int) -> list[Measure]:
    """Play it with so many people: 30 % hear from Stripe before their browser speaks."""
    slug = await play.crowd.publish("thrice", ends_in_days=5)
    await play.crowd.faults(drop_webhooks=True)
    try:
        everybody = await together.saved(play.crowd, slug, people)
    finally:
        await play.crowd.faults(reset=True)
    play.say(f"{people} cards are saved and nobody has heard of it")
    vendor = Vendor(play)
    events = await vendor.completions()
    play.chance.shuffle(everybody)
    early = {each.order_id for each in everybody[: round(people * WEBHOOK_FIRST)]}
    late = [each for each in everybody if each.order_id not in early]
    told = await together.each(late, lambda each: _complete(play, each))
    said = [events[each.order_id] for each in everybody] * COPIES
    play.chance.shuffle(said)
    heard: set[str] = set()
    by_order = {each.order_id: each for each in everybody}

    async def deliver(event: Event) -> tuple[int, float]:
        answer = await vendor.deliver(event)
        if event.order_id in early and event.order_id not in heard:
            heard.add(event.order_id)
            told.append(await _complete(play, by_order[event.order_id]))
        return answer

    began = time.monotonic()
    answers = await together.each(said, deliver)
    spent = time.monotonic() - began
    play.stage.faults["webhooks sent again"] += len(said) - people
    counted = await _counted(play, slug, people)
    times = sorted(seconds for _, seconds in answers)
    bad = [status for status in chain((status for status, _ in answers), told) if status != 200]
    return [
        Measure("pledges missing or too many", abs(counted - people), f"of {people}", 0),
        Measure("answers other than 200", len(bad), f"of {len(answers) + len(told)}", 0),
        Measure(
            "webhooks taken in", round(len(said) / spent), "/s", PER_SECOND, True, is_pace=True
        ),
        Measure(
            "p99 of a webhook",
            round(times[int(len(times) * 0.99)] * 1000),
            "ms",
            P99_SECONDS * 1000,
            is_pace=True,
        ),
    ]


async def _complete(play: Play, pledge: Pledge) -> int:
    """Say what a browser says when Stripe's element is done; return the status."""
    body = {"orderId": pledge.order_id, "sessionId": pledge.session_id}
    status, _ = await play.crowd.patiently("POST", "/checkout-intent/complete", body=body)
    return status


async def _counted(play: Play, slug: str, people: int) -> int:
    """Wait until everybody is in the ledger; return how many pledges it has."""

    async def pledges() -> int:
        live = await play.crowd.live(slug)
        count: int = live["stats"]["pledgeCount"] if live else 0
        return count if count >= people else 0

    return await until(pledges, seconds=60, what=f"{people} pledges")


EXPERIMENT = Experiment(
    id="E-12",
    says="every webhook comes three times, shuffled, sixteen at once, before or after the browser",
    act=act,
)
