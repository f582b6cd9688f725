"""E-6: each thing we depend on answers 300 ms later, then loses one chunk in twenty."""

import asyncio

from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.proxy import Faults

PARTS = ("postgres", "nats", "redis", "sandbox")
SECONDS = 12.0
PER_SECOND = 2.0
# What a route may take (contracts/routes.py), and a tenth more.
BUDGET_SECONDS = {"/checkout-intent/start": 16.5, "/checkout-intent/status": 16.5}
BUDGET_SECONDS_ELSE = 11.0


async def act(play: Play) -> list[Measure]:
    """Figures: calls beyond their budget, and pledges lost."""
    slug = await play.crowd.publish("slow", ends_in_days=5)
    people = []
    for part in PARTS:
        for faults in (Faults(latency_ms=300, jitter_ms=50), Faults(reset_rate=0.05)):
            play.say(f"{part}: {faults}")
            play.stage.proxies[part].faults = faults
            people.append(
                asyncio.create_task(
                    play.crowd.crowd(slug, int(SECONDS * PER_SECOND), per_second=PER_SECOND)
                )
            )
            await asyncio.sleep(SECONDS)
            play.stage.proxies[part].heal()
    pledges = [each for group in await asyncio.gather(*people) for each in group]
    lost = [each for each in pledges if not each.is_persisted]
    late = {
        name: seconds
        for name, seconds in play.crowd.calls.slowest.items()
        if seconds > BUDGET_SECONDS.get(name, BUDGET_SECONDS_ELSE)
    }
    play.say(f"late: {late}")
    return [
        Measure("routes beyond their budget", len(late), "", 0),
        Measure("people without their pledge", len(lost), f"of {len(pledges)}", 0),
        Measure("slowest call", round(max(play.crowd.calls.slowest.values()), 1), "s", 16.5),
        Measure("slowest pledge", round(max(each.seconds for each in pledges), 1), "s", 90),
    ]


EXPERIMENT = Experiment(
    id="E-6",
    says="Postgres, NATS, Redis and Stripe are slow, then lose connections",
    act=act,
    proxied=PARTS,
)
