"""A process that talks to Stripe as one of the services does, as fast as it is let.

python -m tests.checkout.budget_worker SERVICE STRIPE_URL REDIS_URL PER_SECOND REQUESTS
prints the start of every turn it took, by the clock of whoever keeps the schedule.
"""

import asyncio
import json
import sys

from services.chassis.process.settings import Secret
from services.chassis.stripe.budget import StripeBudget, Who
from services.checkout import stripe_gateway as checkout
from services.settlement.stripe_gateway import charges as settlement
from tests.checkout.sandbox import STRIPE_KEY

PATIENCE_SECONDS = 120.0


class Noting(StripeBudget):
    """Notes when each turn began, and lets nobody give up on a busy machine."""

    def __init__(self, redis_url: str, *, per_second: int) -> None:
        super().__init__(redis_url, per_second=per_second, redis_seconds=PATIENCE_SECONDS)
        self.starts: list[float] = []

    async def turn(self, endpoint: str, who: Who, *, within_seconds: float) -> float:
        start = await super().turn(endpoint, who, within_seconds=PATIENCE_SECONDS)
        self.starts.append(start)
        return start


async def ask(service: str, stripe_url: str, budget: Noting, count: int) -> None:
    """Make `count` calls at once, each answered or refused."""
    key = Secret(STRIPE_KEY)
    if service == "settlement":
        charging = settlement.StripeGateway(key, stripe_url, budget=budget)
        await asyncio.gather(*(charging.read(f"pi_{number}") for number in range(count)))
        await charging.close()
        return
    saving = checkout.StripeGateway(key, api_base=stripe_url, budget=budget)
    if service == "worker":
        saving = saving.in_background()
    calls = (saving.create_customer(f"sup_{n}", f"n{n}@x.example", 1) for n in range(count))
    await asyncio.gather(*calls)
    await saving.close()


async def main(service: str, stripe_url: str, redis_url: str, rate: str, count: str) -> None:
    budget = Noting(redis_url, per_second=int(rate))
    await ask(service, stripe_url, budget, int(count))
    sys.stdout.write(json.dumps(budget.starts))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
