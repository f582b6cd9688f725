"""Orders nobody speaks of: crashes and lost webhooks cost time, never a pledge or a unit."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import generate_latest

from contracts.events.checkout import CheckoutCompleted
from contracts.refusals import StateRefused, Unavailable
from services.chassis.process.settings import Secret
from services.chassis.process.telemetry import REGISTRY
from services.checkout.domain.bodies import OrderBody, RecoverBody
from services.checkout.domain.stripe_objects import SessionState
from services.checkout.schedules.figures import take_figures
from services.checkout.steps.ask_about_order import abandon, complete, wait_for_status
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.look_after import order_watch
from services.checkout.steps.recover_checkout import recover
from services.checkout.steps.start_checkout import start_checkout
from services.checkout.stripe_gateway import StripeGateway
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_tier
from tests.checkout.sandbox import Sandbox
from tests.support.unlimited import unlimited


async def as_if_forgotten(floor: Floor) -> None:
    """Let every order's time to be looked at come."""
    await floor.owner.execute("UPDATE orders SET look_at = now() - interval '1 second'")


async def test_an_order_whose_process_died_before_stripe_is_given_up(
    floor: Floor, checkout: Checkout
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    order = await floor.intend(a_cart(f"{film.slug}__frame"))

    await order_watch(floor.pool, checkout.stripe).finish()
    early = (await floor.order(order.order_id)).status
    await as_if_forgotten(floor)
    await order_watch(floor.pool, checkout.stripe).finish()

    assert early == "opening"
    assert (await floor.order(order.order_id)).status == "abandoned"
    assert (await floor.stock(film.slug))["frame"].reserved == 0


async def test_a_lost_webhook_loses_nothing(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=3),))
    saved, opened = [
        await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None) for _ in range(2)
    ]
    sandbox.save_card(saved.session_id).raise_for_status()

    await as_if_forgotten(floor)
    await order_watch(floor.pool, checkout.stripe).finish()
    await as_if_forgotten(floor)
    await order_watch(floor.pool, checkout.stripe).finish()

    assert len(await floor.said(CheckoutCompleted, saved.order_id)) == 1
    assert (await floor.order(opened.order_id)).status == "open"


class SilentAbout:
    """A gateway whose questions about one session are never answered."""

    def __init__(self, stripe: StripeGateway, session_id: str) -> None:
        self._stripe = stripe
        self._session_id = session_id
        self.is_asked = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stripe, name)

    async def read_session(self, session_id: str) -> SessionState:
        if session_id == self._session_id:
            self.is_asked.set()
            await asyncio.Event().wait()
        return await self._stripe.read_session(session_id)


async def test_a_session_that_stripe_is_silent_about_holds_up_no_other_order(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    stuck, saved = [
        await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None) for _ in range(2)
    ]
    sandbox.save_card(saved.session_id).raise_for_status()
    stripe = SilentAbout(checkout.stripe, stuck.session_id)
    watch = order_watch(floor.pool, stripe)  # type: ignore[arg-type]

    await floor.owner.execute(
        "UPDATE orders SET look_at = '-infinity' WHERE order_id = $1", stuck.order_id
    )
    await asyncio.wait_for(watch.tick(), 60)
    await asyncio.wait_for(stripe.is_asked.wait(), 60)
    await floor.owner.execute(
        "UPDATE orders SET look_at = '-infinity' WHERE order_id = $1", saved.order_id
    )
    await asyncio.wait_for(watch.tick(), 60)
    async with asyncio.timeout(60):
        while (await floor.order(saved.order_id)).status != "completed":
            await watch.tick()
    await watch.end(within_seconds=0)

    assert (await floor.order(stuck.order_id)).status == "open"


async def test_units_are_held_until_stripe_says_expired_and_not_by_our_clock(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    await floor.move_clock(timedelta(minutes=31))
    sandbox.faults(error_rate=1)
    await as_if_forgotten(floor)
    await order_watch(floor.pool, checkout.stripe).finish()
    held = (await floor.stock(film.slug))["frame"].reserved
    sandbox.faults(reset=True)
    sandbox.advance("PT31M")
    await as_if_forgotten(floor)
    await order_watch(floor.pool, checkout.stripe).finish()

    assert held == 1
    assert (await floor.order(started.order_id)).status == "expired"
    assert (await floor.stock(film.slug))["frame"].reserved == 0


async def test_a_session_stripe_does_not_know_is_over_only_when_it_must_be(
    floor: Floor, checkout: Checkout
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    order = await floor.open(a_cart(f"{film.slug}__frame"))

    await as_if_forgotten(floor)
    await order_watch(floor.pool, checkout.stripe).finish()
    early = (await floor.order(order.order_id)).status
    await floor.move_clock(timedelta(hours=3))
    await as_if_forgotten(floor)
    await order_watch(floor.pool, checkout.stripe).finish()

    assert early == "open"
    assert (await floor.order(order.order_id)).status == "expired"


async def test_a_wrong_key_ends_no_order_however_long_it_lasts(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    sandbox.save_card(started.session_id).raise_for_status()
    stranger = StripeGateway(Secret("sk_test_rotated"), api_base=sandbox.url, budget=unlimited())

    await floor.move_clock(timedelta(hours=3))
    await as_if_forgotten(floor)
    await order_watch(floor.pool, stranger).finish()
    await stranger.close()
    meanwhile = (await floor.order(started.order_id)).status
    await as_if_forgotten(floor)
    await order_watch(floor.pool, checkout.stripe).finish()

    assert meanwhile == "open"
    assert (await floor.order(started.order_id)).status == "completed"


async def test_the_browser_completes_what_the_webhook_has_not(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    body = OrderBody(order_id=started.order_id, session_id=started.session_id)

    with pytest.raises(StateRefused, match="not_complete"):
        await complete(floor.pool, checkout.stripe, body)
    sandbox.save_card(started.session_id).raise_for_status()
    first = await complete(floor.pool, checkout.stripe, body)
    sandbox.faults(error_rate=1)
    again = await complete(floor.pool, checkout.stripe, body)

    assert first == again
    assert (first.status, first.persisted) == ("completed", False)


async def test_another_orders_session_completes_nothing(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    mine, other = [
        await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None) for _ in range(2)
    ]
    sandbox.save_card(other.session_id).raise_for_status()

    with pytest.raises(StateRefused, match="conflict"):
        await complete(
            floor.pool,
            checkout.stripe,
            OrderBody(order_id=mine.order_id, session_id=other.session_id),
        )

    assert (await floor.order(mine.order_id)).status == "open"


async def test_abandoning_frees_units_only_when_stripe_agreed(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    body = OrderBody(order_id=started.order_id)

    sandbox.faults(error_rate=1)
    with pytest.raises(Unavailable, match="stripe_away"):
        await abandon(floor.pool, checkout.stripe, body)
    held = (await floor.stock(film.slug))["frame"].reserved
    sandbox.faults(reset=True)
    ended = await abandon(floor.pool, checkout.stripe, body)
    again = await abandon(floor.pool, checkout.stripe, body)

    assert held == 1
    assert (ended.status, ended.released) == ("abandoned", 1)
    assert (again.status, again.released) == ("abandoned", 0)
    assert sandbox.session(started.session_id)["status"] == "expired"
    assert (await floor.stock(film.slug))["frame"].reserved == 0


async def test_abandoning_after_the_card_was_saved_keeps_the_pledge(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    sandbox.save_card(started.session_id).raise_for_status()

    ended = await abandon(floor.pool, checkout.stripe, OrderBody(order_id=started.order_id))

    assert (ended.status, ended.released) == ("completed", 0)
    assert (await floor.stock(film.slug))["frame"].claimed == 1


async def test_an_operator_recovers_by_session_or_order(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    one, two = [
        await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None) for _ in range(2)
    ]
    for started in (one, two):
        sandbox.save_card(started.session_id).raise_for_status()

    by_session = await recover(floor.pool, checkout.stripe, RecoverBody(session_id=one.session_id))
    by_order = await recover(floor.pool, checkout.stripe, RecoverBody(order_id=two.order_id))

    assert by_session.order_id == one.order_id
    assert by_session.pledge_ids == (one.order_id,)
    assert (by_order.status, by_order.stripe_session_id) == ("completed", two.session_id)


@pytest.mark.parametrize("wait", [0.0, -1.0, float("nan"), 0.2])
async def test_waiting_for_a_status_ends(floor: Floor, wait: float) -> None:
    film = await floor.publish()
    order = await floor.intend(a_cart(f"{film.slug}__frame"))

    status = await wait_for_status(floor.pool, order.order_id, wait, asyncio.Event())

    assert (status.status, status.persisted) == ("open", False)


async def test_nobody_waits_for_a_process_that_is_to_stop(floor: Floor) -> None:
    film = await floor.publish()
    order = await floor.intend(a_cart(f"{film.slug}__frame"))
    stopping = asyncio.Event()
    waiting = asyncio.create_task(wait_for_status(floor.pool, order.order_id, 30, stopping))
    await asyncio.sleep(0.3)
    assert not waiting.done()

    stopping.set()
    status = await asyncio.wait_for(waiting, 5)

    assert (status.status, status.persisted) == ("open", False)


async def test_the_operator_sees_where_orders_stand(floor: Floor) -> None:
    film = await floor.publish()
    await floor.open(a_cart(f"{film.slug}__frame"))
    await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")))

    await take_figures(floor.pool)
    shown = generate_latest(REGISTRY).decode()

    assert 'checkout_orders{status="open"} 1.0' in shown
    assert 'checkout_orders{status="completed"} 1.0' in shown
    assert "checkout_undecided_oldest_seconds" in shown
