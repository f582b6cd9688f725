"""Composition root: settings in, a running checkout out. Wiring only."""

import functools
from pathlib import Path

from contracts.subjects import QUOTE
from services.chassis.guards import bearer_guard
from services.chassis.service import Parts, Running, Service
from services.checkout.bell import Bell
from services.checkout.consumers import listeners
from services.checkout.handlers.quote_revision import answer_question
from services.checkout.handlers.start_checkout import Checkout
from services.checkout.routes import ROUTES, admin_routes
from services.checkout.schedules import Bells, loops
from services.checkout.settings import Settings
from services.checkout.stripe_gateway import StripeGateway

BODY_BYTES_MAX = 64 * 1024


async def compose(settings: Settings, running: Running) -> Parts:
    """Put the rooms together."""
    stripe = StripeGateway(
        settings.stripe_secret_key,
        api_base=settings.stripe_api_base,
        per_second=float(settings.stripe_requests_per_second or 0),
    )

    async def answer_the_ledger() -> None:
        await running.bus.answer(QUOTE, functools.partial(answer_question, running.pool))

    bells = Bells(stripe=Bell(), drain=Bell())
    return Parts(
        routes=[*ROUTES, *admin_routes(bearer_guard(settings.admin_secret))],
        listeners=listeners(bells.drain),
        loops=loops(running.pool, stripe, bells),
        web_loops=[answer_the_ledger],
        dependencies={
            "stripe": stripe,
            "stripe_bell": bells.stripe,
            "checkout": Checkout(running.pool, stripe, settings),
        },
        closers=[stripe.close],
        body_max=BODY_BYTES_MAX,
    )


SERVICE = Service("checkout", settings=Settings, compose=compose, package=Path(__file__).parent)
