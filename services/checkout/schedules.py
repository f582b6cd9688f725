"""What checkout does by itself: one leader each, finding its work in the database."""

import time
from collections.abc import Awaitable, Callable

import msgspec

from services.chassis.database import Pool
from services.chassis.leader import tick_as_leader
from services.checkout.bell import Bell
from services.checkout.handlers.drain_campaign import drain_campaigns
from services.checkout.handlers.hear_stripe import apply_events
from services.checkout.handlers.look_after_orders import look_after_orders, take_figures
from services.checkout.stripe_gateway import StripeGateway

EVENTS_IDLE_SECONDS = 0.5
TICK_SECONDS = 1.0
FIGURES_SECONDS = 15.0


class Bells(msgspec.Struct, frozen=True):
    """Who is woken by what."""

    stripe: Bell
    drain: Bell


def loops(pool: Pool, stripe: StripeGateway, bells: Bells) -> list[Callable[[], Awaitable[None]]]:
    """Return the background loops of a worker."""
    figures_at = 0.0

    async def apply_stripe_events() -> None:
        async def tick() -> None:
            await bells.stripe.wait(EVENTS_IDLE_SECONDS)
            while await apply_events(pool, stripe):
                pass

        await tick_as_leader(pool, "checkout:stripe-events", tick, every_seconds=0)

    async def drain_after_deadlines() -> None:
        async def tick() -> None:
            await bells.drain.wait(TICK_SECONDS)
            await drain_campaigns(pool, stripe)

        await tick_as_leader(pool, "checkout:drain", tick, every_seconds=0)

    async def watch_undecided_orders() -> None:
        async def tick() -> None:
            nonlocal figures_at
            await look_after_orders(pool, stripe)
            if time.monotonic() >= figures_at:
                await take_figures(pool)
                figures_at = time.monotonic() + FIGURES_SECONDS

        await tick_as_leader(pool, "checkout:orders", tick, every_seconds=TICK_SECONDS)

    return [apply_stripe_events, drain_after_deadlines, watch_undecided_orders]
