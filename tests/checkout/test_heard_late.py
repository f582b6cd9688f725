"""R-7: what Stripe completed before the deadline counts, however late we hear of it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from contracts.api.checkout import Started
from contracts.campaign import CampaignDefinition
from contracts.events.checkout import CheckoutCompleted, CheckoutDrained, CheckoutRefused
from services.checkout.domain.orders import order_hash
from services.checkout.steps.apply_stripe import Applying
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.drain_campaigns import drain_campaigns
from services.checkout.steps.start_checkout import start_checkout
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_tier
from tests.checkout.sandbox import Sandbox
from tests.checkout.webhooks import a_session, an_event, apply_due, tell

SOON = timedelta(hours=1)
CROWD = 24


async def a_film(floor: Floor) -> CampaignDefinition:
    """Return a campaign that closes in an hour, on a whole second as deadlines do."""
    deadline = (datetime.now(UTC) + SOON).replace(microsecond=0)
    return await floor.publish(deadline_at=deadline, tiers=(a_tier(limit_total=CROWD),))


async def hear(
    floor: Floor, checkout: Checkout, started: Started, *, completed_at: datetime
) -> None:
    """Tell, as a webhook, when Stripe completed a session, and apply it."""
    session = a_session(started.order_id, started.session_id)
    event = an_event(session, created=int(completed_at.timestamp()))
    assert await tell(floor, checkout.settings, event)
    await apply_due(Applying(floor.pool, checkout.stripe, checkout.limits))


@pytest.mark.parametrize(
    ("seconds", "counts"),
    [
        pytest.param(-1, True, id="a second before"),
        pytest.param(0, False, id="at the deadline"),
        pytest.param(1, False, id="a second after"),
    ],
)
async def test_a_webhook_after_the_deadline_counts_by_when_stripe_completed_the_session(
    floor: Floor, checkout: Checkout, sandbox: Sandbox, seconds: int, counts: bool
) -> None:
    film = await a_film(floor)
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    sandbox.save_card(started.session_id).raise_for_status()
    await floor.move_clock(SOON + timedelta(minutes=10))

    at = film.deadline_at + timedelta(seconds=seconds)
    await hear(floor, checkout, started, completed_at=at)
    await drain_campaigns(floor.pool, checkout.stripe)

    completed = [each.completed_at for each in await floor.said(CheckoutCompleted, film.slug)]
    refused = [each.reason for each in await floor.said(CheckoutRefused, film.slug)]
    (drained,) = await floor.said(CheckoutDrained, film.slug)
    level = (await floor.stock(film.slug))["frame"]
    assert completed == ([at] if counts else [])
    assert refused == ([] if counts else ["deadline_passed"])
    assert drained.order_count == (1 if counts else 0)
    assert (level.claimed, level.reserved) == (1 if counts else 0, 0)


async def test_what_the_drain_found_completed_is_not_completed_again_by_its_webhook(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await a_film(floor)
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    saved_at = datetime.now(UTC)
    sandbox.save_card(started.session_id).raise_for_status()
    await floor.move_clock(SOON)

    await drain_campaigns(floor.pool, checkout.stripe)
    await hear(floor, checkout, started, completed_at=saved_at)

    (drained,) = await floor.said(CheckoutDrained, film.slug)
    assert drained.order_hash == order_hash([started.order_id])
    assert len(await floor.said(CheckoutCompleted, film.slug)) == 1
    assert await floor.said(CheckoutRefused, film.slug) == []
    assert (await floor.stock(film.slug))["frame"].claimed == 1


async def test_webhooks_that_come_while_it_is_drained_lose_nobody_and_add_nobody(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await a_film(floor)
    cart = a_cart(f"{film.slug}__frame")
    everybody = [await start_checkout(checkout, cart, None) for _ in range(CROWD)]
    in_time = everybody[::2]
    for each in in_time:
        sandbox.save_card(each.session_id).raise_for_status()
    saved_at = datetime.now(UTC)
    await floor.move_clock(SOON)

    async def drain() -> None:
        while await drain_campaigns(floor.pool, checkout.stripe):
            continue

    await asyncio.gather(
        drain(), *(hear(floor, checkout, each, completed_at=saved_at) for each in in_time)
    )

    names = {each.order_id for each in in_time}
    (drained,) = await floor.said(CheckoutDrained, film.slug)
    assert {each.order_id for each in await floor.said(CheckoutCompleted, film.slug)} == names
    assert (drained.order_count, drained.order_hash) == (len(names), order_hash(names))
    assert await floor.said(CheckoutRefused, film.slug) == []
    level = (await floor.stock(film.slug))["frame"]
    assert (level.claimed, level.reserved) == (len(names), 0)
