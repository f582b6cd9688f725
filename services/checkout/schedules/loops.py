"""What checkout does by itself: one leader each, finding its work in the database."""

import asyncio
import time

import msgspec
from prometheus_client import Counter

from services.chassis.events.bell import Bell
from services.chassis.process import telemetry
from services.chassis.process.parts import Loop
from services.chassis.process.steady import LAST_SECONDS
from services.chassis.process.telemetry import REGISTRY
from services.chassis.storage.database import Pool, transaction
from services.chassis.storage.leader import led
from services.chassis.stripe.client import StripeAway, StripeRefused
from services.checkout.handlers.guard_cards import CardLimits
from services.checkout.queries import card_failures, deletions, old_orders, stripe_events
from services.checkout.schedules.figures import take_figures
from services.checkout.steps.announce_fading_cards import announce_fading_cards
from services.checkout.steps.apply_stripe import Applying, Round
from services.checkout.steps.delete_customers import delete_customers
from services.checkout.steps.detach_cards import detach_cards
from services.checkout.steps.drain_campaigns import drain_campaigns
from services.checkout.steps.look_after import order_watch, update_watch
from services.checkout.steps.read_back import end_stray_sessions, read_events_back
from services.checkout.stripe_gateway import StripeGateway

FORGOTTEN = Counter(
    "checkout_rows_forgotten",
    "Rows that were past their time: bodies of webhooks, persons of orders, addresses, customers.",
    ("what",),
    registry=REGISTRY,
)


log = telemetry.logger(__name__)

EVENTS_IDLE_SECONDS = 0.5
GATHER_SECONDS = 0.5
TICK_SECONDS = 1.0
FIGURES_SECONDS = 15.0
READ_BACK_SECONDS = 900.0
FORGET_SECONDS = 3_600.0
FORGET_PORTION = 1_000


class Bells(msgspec.Struct, frozen=True):
    """Who is woken by what."""

    stripe: Bell
    drain: Bell


class Workshop(msgspec.Struct, frozen=True):
    """What the loops work with. Who completes a card step has somebody waiting; the rest is
    `patient` and comes after people."""

    pool: Pool
    stripe: StripeGateway
    patient: StripeGateway
    limits: CardLimits
    bells: Bells
    is_live: bool


def loops(shop: Workshop) -> list[Loop]:
    """Return the background loops of a worker."""
    return [
        _stripe_events(shop),
        led(shop.pool, "checkout:drain", _drain(shop), every_seconds=0),
        _orders(shop),
        led(shop.pool, "checkout:cards", _cards(shop)),
        led(shop.pool, "checkout:read-back", _read_back(shop), every_seconds=READ_BACK_SECONDS),
        led(shop.pool, "checkout:forget", _forget(shop), every_seconds=FORGET_SECONDS),
    ]


def _stripe_events(shop: Workshop) -> Loop:
    round_ = Round(Applying(shop.pool, shop.stripe, shop.limits))

    async def tick() -> None:
        if round_.is_idle:
            await shop.bells.stripe.wait(EVENTS_IDLE_SECONDS)
        if await round_.take():
            # There may be more.
            shop.bells.stripe.ring()
        await round_.gather(GATHER_SECONDS)

    lead = led(shop.pool, "checkout:stripe-events", tick, every_seconds=0)

    async def run() -> None:
        try:
            await lead()
        finally:
            await round_.end()

    return run


def _drain(shop: Workshop) -> Loop:
    async def tick() -> None:
        await shop.bells.drain.wait(TICK_SECONDS)
        await drain_campaigns(shop.pool, shop.patient)

    return tick


def _orders(shop: Workshop) -> Loop:
    watches = order_watch(shop.pool, shop.patient), update_watch(shop.pool, shop.patient)
    figures_at = 0.0

    async def tick() -> None:
        nonlocal figures_at
        await asyncio.gather(*(watch.tick() for watch in watches))
        if time.monotonic() >= figures_at:
            await take_figures(shop.pool)
            figures_at = time.monotonic() + FIGURES_SECONDS

    lead = led(shop.pool, "checkout:orders", tick)

    async def run() -> None:
        try:
            await lead()
        finally:
            await asyncio.gather(*(watch.end(within_seconds=LAST_SECONDS) for watch in watches))

    run.__qualname__ = "checkout:orders"
    return run


def _cards(shop: Workshop) -> Loop:
    async def tick() -> None:
        await announce_fading_cards(shop.pool)
        await detach_cards(shop.pool, shop.patient)
        await delete_customers(shop.pool, shop.patient)

    return tick


def _read_back(shop: Workshop) -> Loop:
    async def tick() -> None:
        try:
            if await read_events_back(shop.pool, shop.patient, is_live=shop.is_live):
                shop.bells.stripe.ring()
            await end_stray_sessions(shop.pool, shop.patient)
        except (StripeAway, StripeRefused) as exc:
            log.warning("not_read_back", error=type(exc).__name__)

    return tick


def _forget(shop: Workshop) -> Loop:
    async def tick() -> None:
        async with transaction(shop.pool) as conn:
            await card_failures.forget_old(conn)
        while True:
            async with transaction(shop.pool) as conn:
                gone = {
                    "webhook": await stripe_events.forget_old(conn, FORGET_PORTION),
                    "intent": await old_orders.forget_intents(conn, limit=FORGET_PORTION),
                    "address": await old_orders.forget_addresses(conn, limit=FORGET_PORTION),
                }
            for what, rows in gone.items():
                FORGOTTEN.labels(what).inc(rows)
            if not any(gone.values()):
                break
        # Whose last order has just forgotten them is nobody's customer any more.
        async with transaction(shop.pool) as conn:
            FORGOTTEN.labels("customer").inc(
                await deletions.queue_strangers(conn, limit=FORGET_PORTION)
            )

    return tick
