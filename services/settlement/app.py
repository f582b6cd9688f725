"""Settlement put together: settings → pool, bus, Stripe → routes, consumers, loops."""

import time
from pathlib import Path

from litestar import Router

from contracts.magic_link import CURRENT_KEY
from services.chassis.guards import bearer_guard
from services.chassis.service import Parts, Running, Service
from services.chassis.stripe_budget import StripeBudget
from services.settlement import consumers, schedules
from services.settlement.consumers import Charger
from services.settlement.rate import TokenBucket
from services.settlement.routes import PEOPLE_ROUTES, ROUTES
from services.settlement.routes.money import AFTER_ROUTES
from services.settlement.schedules import money as money_schedules
from services.settlement.settings import Settings
from services.settlement.stripe_gateway.money import MoneyGateway


async def compose(settings: Settings, running: Running) -> Parts:
    """Wire the service; nothing is decided here."""
    budget = StripeBudget(
        settings.redis_url.reveal(),
        per_second=settings.requests_per_second,
        processes=settings.stripe_processes,
    )
    gateway = MoneyGateway(settings.stripe_secret_key, settings.stripe_api_base, budget=budget)
    bucket = TokenBucket(settings.charges_per_second, now=time.monotonic())
    charger = Charger(running.pool, running.bus, gateway, bucket)
    guard = bearer_guard(settings.admin_secret)
    return Parts(
        routes=[
            Router(path="/", route_handlers=[*ROUTES, *AFTER_ROUTES], guards=[guard]),
            *PEOPLE_ROUTES,
        ],
        dependencies={
            "gateway": gateway,
            "link_keys": {CURRENT_KEY: settings.magic_link_secret.bytes()},
            "publishable_key": settings.stripe_publishable_key,
        },
        listeners=consumers.listeners(),
        loops=[
            *schedules.loops(running.pool, running.bus, gateway),
            *money_schedules.loops(running.pool, gateway),
        ],
        role_loops={"charger": [charger.run]},
        closers=[charger.drain, gateway.close],
    )


SERVICE = Service(
    "settlement",
    settings=Settings,
    compose=compose,
    package=Path(__file__).parent,
    roles=("charger",),
    # Whose clock is a minute off must not take part in charging.
    skew_seconds_max=60,
)
