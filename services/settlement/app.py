"""Settlement put together: settings → pool, bus, Stripe → routes, consumers, loops."""

from functools import partial
from pathlib import Path

from litestar import Router

from contracts.magic_link import keyring
from services.chassis.process.service import Parts, Running, Service
from services.chassis.stripe.budget import ENDPOINT_PER_SECOND, StripeBudget
from services.chassis.web.guards import bearer_guard
from services.settlement import consumers
from services.settlement.consumers import Charger
from services.settlement.routes.charges import PEOPLE_ROUTES, ROUTES
from services.settlement.routes.desk import DESK_ROUTES
from services.settlement.routes.money import AFTER_ROUTES
from services.settlement.schedules import charges
from services.settlement.schedules import money as money_schedules
from services.settlement.settings import Settings
from services.settlement.stripe_gateway.money import MoneyGateway

# A rate above Stripe's usual limit says that it was raised for what a charge is made of.
CHARGE_CALLS = ("payment_intents.create", "payment_intents.confirm")


async def compose(settings: Settings, running: Running) -> Parts:
    """Wire the service; nothing is decided here."""
    rate = settings.charges_per_second
    budget = StripeBudget(
        settings.redis_url.reveal(),
        per_second=settings.requests_per_second,
        processes=settings.stripe_processes,
        endpoints=dict.fromkeys(CHARGE_CALLS, max(ENDPOINT_PER_SECOND, rate)),
    )
    gateway = MoneyGateway(settings.stripe_secret_key, settings.stripe_api_base, budget=budget)
    pace = partial(budget.pace, "charges", rate)
    charger = Charger(running.pool, running.bus, gateway, pace, per_second=rate)
    guard = bearer_guard(settings.admin_secret)
    return Parts(
        routes=[
            Router(path="/", route_handlers=[*ROUTES, *AFTER_ROUTES, *DESK_ROUTES], guards=[guard]),
            *PEOPLE_ROUTES,
        ],
        dependencies={
            "gateway": gateway,
            "link_keys": keyring(
                settings.magic_link_secret.bytes(), settings.magic_link_secret_previous.bytes()
            ),
            "publishable_key": settings.stripe_publishable_key,
        },
        operator_guard=guard,
        listeners=consumers.listeners(),
        loops=[
            *charges.loops(running.pool, running.bus, gateway),
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
