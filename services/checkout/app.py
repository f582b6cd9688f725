"""Composition root: settings in, a running checkout out. Wiring only."""

import functools
from pathlib import Path

from contracts.magic_link import keyring
from contracts.subjects import QUOTE
from services.chassis.events.bell import Bell
from services.chassis.process.service import Parts, Running, Service
from services.chassis.stripe.budget import StripeBudget
from services.chassis.web.guards import bearer_guard
from services.checkout.consumers import listeners
from services.checkout.routes import cards, orders
from services.checkout.routes.operators import admin_routes, watched_routes
from services.checkout.routes.webhooks import stripe_webhook
from services.checkout.schedules.loops import Bells, Workshop, loops
from services.checkout.settings import Settings
from services.checkout.steps.answer_question import answer_question
from services.checkout.steps.checkout import Checkout
from services.checkout.stripe_gateway import StripeGateway
from services.checkout.usps_gateway import USPSGateway

BODY_BYTES_MAX = 64 * 1024


async def compose(settings: Settings, running: Running) -> Parts:
    """Put the rooms together."""
    budget = StripeBudget(
        settings.redis_url.reveal(),
        per_second=settings.requests_per_second,
        processes=settings.stripe_processes,
    )
    stripe = StripeGateway(
        settings.stripe_secret_key, api_base=settings.stripe_api_base, budget=budget
    )
    carrier = USPSGateway(
        settings.usps_client_id, settings.usps_client_secret, api_base=settings.usps_api_base
    )
    checkout = Checkout(running.pool, stripe, settings, carrier)

    async def answer_the_ledger() -> None:
        respond = functools.partial(answer_question, running.pool, carrier)
        await running.bus.answer(QUOTE, respond)

    guard = bearer_guard(settings.admin_secret)
    bells = Bells(stripe=Bell(), drain=Bell())
    shop = Workshop(
        running.pool, stripe, stripe.in_background(), checkout.limits, bells, settings.is_live
    )
    return Parts(
        routes=[
            *orders.ROUTES,
            *cards.ROUTES,
            stripe_webhook,
            *admin_routes(guard),
            *watched_routes(guard),
        ],
        listeners=listeners(bells.drain),
        loops=loops(shop),
        web_loops=[answer_the_ledger],
        dependencies={
            "stripe": stripe,
            "stripe_bell": bells.stripe,
            "carrier": carrier,
            "stopping": running.stopping,
            "checkout": checkout,
            "link_keys": keyring(
                settings.magic_link_secret.bytes(), settings.magic_link_secret_previous.bytes()
            ),
        },
        closers=[stripe.close, checkout.challenge.close, carrier.close],
        body_max=BODY_BYTES_MAX,
        operator_guard=guard,
    )


SERVICE = Service("checkout", settings=Settings, compose=compose, package=Path(__file__).parent)
