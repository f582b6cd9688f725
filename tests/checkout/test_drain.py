"""After the deadline: nothing new, everything open is ended, and the set is named once."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from contracts.campaign import CampaignDefinition
from contracts.events.checkout import CheckoutCompleted, CheckoutDrained, CheckoutRefused
from contracts.events.pledges import OrdersMissed
from contracts.ids import EventId
from contracts.refusals import StateRefused
from services.chassis.storage.database import transaction
from services.checkout.domain.orders import order_hash
from services.checkout.handlers.drain_campaign import close_if_decided
from services.checkout.handlers.hear_pledges import hear_cancelled, hear_missed
from services.checkout.handlers.intend_order import intend
from services.checkout.handlers.keep_definitions import keep_campaign
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.drain_campaigns import drain_campaigns
from services.checkout.steps.start_checkout import start_checkout
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_tier, cancelled, published
from tests.checkout.sandbox import Sandbox

SOON = timedelta(hours=1)


async def ending_soon(floor: Floor) -> CampaignDefinition:
    return await floor.publish(
        deadline_at=datetime.now(UTC) + SOON, tiers=(a_tier(limit_total=50),)
    )


async def pass_the_deadline(floor: Floor, sandbox: Sandbox) -> None:
    """Move both clocks, as the sandbox does for the whole platform."""
    await floor.move_clock(SOON)
    sandbox.advance("PT1H")


async def test_a_drain_names_the_orders_that_count_once(floor: Floor, checkout: Checkout) -> None:
    film = await ending_soon(floor)
    counted = [
        await floor.complete(await floor.open(a_cart(f"{film.slug}__frame"))) for _ in range(3)
    ]
    await floor.do(hear_cancelled, cancelled(counted[0]))
    gone = await floor.open(a_cart(f"{film.slug}__frame"))
    await floor.expire(gone)
    await floor.move_clock(SOON)

    left = [await drain_campaigns(floor.pool, checkout.stripe) for _ in range(3)]
    (drained,) = await floor.said(CheckoutDrained, film.slug)

    assert left == [0, 0, 0]
    assert drained.order_count == 3
    assert drained.order_hash == order_hash([order.order_id for order in counted])


async def test_a_campaign_nobody_backed_is_drained_too(floor: Floor, checkout: Checkout) -> None:
    film = await ending_soon(floor)
    await drain_campaigns(floor.pool, checkout.stripe)
    before = await floor.said(CheckoutDrained, film.slug)
    await floor.move_clock(SOON)

    await drain_campaigns(floor.pool, checkout.stripe)
    (drained,) = await floor.said(CheckoutDrained, film.slug)

    assert before == []
    assert (drained.order_count, drained.order_hash) == (0, order_hash([]))


async def test_open_sessions_are_ended_at_stripe_and_completed_ones_adopted(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await ending_soon(floor)
    cart = a_cart(f"{film.slug}__frame")
    opened, saved = [await start_checkout(checkout, cart, None) for _ in range(2)]
    sandbox.save_card(saved.session_id).raise_for_status()
    # Only our clock moves: at Stripe the sessions are still what they are.
    await floor.move_clock(SOON)

    await drain_campaigns(floor.pool, checkout.stripe)
    (drained,) = await floor.said(CheckoutDrained, film.slug)

    assert sandbox.session(opened.session_id)["status"] == "expired"
    assert (await floor.order(opened.order_id)).status == "expired"
    assert (await floor.order(saved.order_id)).status == "completed"
    assert drained.order_count == 1
    assert drained.order_hash == order_hash([saved.order_id])
    assert (await floor.stock(film.slug))["frame"].reserved == 0


async def test_a_card_saved_after_the_deadline_is_refused_and_not_counted(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(
        deadline_at=datetime.now(UTC) + timedelta(minutes=10), tiers=(a_tier(limit_total=5),)
    )
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    await floor.move_clock(timedelta(minutes=11))
    sandbox.advance("PT11M")
    sandbox.save_card(started.session_id).raise_for_status()

    await drain_campaigns(floor.pool, checkout.stripe)
    (drained,) = await floor.said(CheckoutDrained, film.slug)
    (refused,) = await floor.said(CheckoutRefused, started.order_id)

    assert refused.reason == "deadline_passed"
    assert drained.order_count == 0
    assert (await floor.order(started.order_id)).status == "too_late"
    assert (await floor.stock(film.slug))["frame"].reserved == 0


async def test_while_stripe_is_away_the_campaign_is_not_drained(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await ending_soon(floor)
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    await floor.move_clock(SOON)
    sandbox.faults(error_rate=1)

    left = await drain_campaigns(floor.pool, checkout.stripe)
    waiting = await floor.said(CheckoutDrained, film.slug)
    held = (await floor.stock(film.slug))["frame"].reserved
    sandbox.faults(reset=True)
    await drain_campaigns(floor.pool, checkout.stripe)

    assert (left, waiting, held) == (1, [], 1)
    assert len(await floor.said(CheckoutDrained, film.slug)) == 1
    assert (await floor.order(started.order_id)).status == "expired"


async def test_an_order_being_opened_holds_the_drain(floor: Floor, checkout: Checkout) -> None:
    film = await ending_soon(floor)
    order = await floor.intend(a_cart(f"{film.slug}__frame"))
    await floor.move_clock(SOON)

    left = await drain_campaigns(floor.pool, checkout.stripe)
    await floor.expire(order)

    assert left == 1
    assert await drain_campaigns(floor.pool, checkout.stripe) == 0


async def test_a_start_that_holds_the_door_is_seen_by_the_drain(
    floor: Floor, checkout: Checkout
) -> None:
    film = await ending_soon(floor)
    async with transaction(floor.pool) as conn:
        made = await intend(conn, a_cart(f"{film.slug}__frame"), ui_mode="custom")
        await floor.move_clock(SOON)
        draining = asyncio.create_task(drain_campaigns(floor.pool, checkout.stripe))
        await asyncio.sleep(0.3)
        waits = not draining.done()

    assert waits
    assert await draining == 1
    assert await floor.said(CheckoutDrained, film.slug) == []
    await floor.expire(made.order)


async def test_after_the_deadline_nothing_starts_and_turning_back_the_clock_undoes_nothing(
    floor: Floor, checkout: Checkout
) -> None:
    film = await ending_soon(floor)
    late = await floor.open(a_cart(f"{film.slug}__frame"))
    await floor.expire(late)
    await floor.move_clock(SOON)
    with pytest.raises(StateRefused, match="deadline_passed"):
        await floor.intend(a_cart(f"{film.slug}__frame"))

    await drain_campaigns(floor.pool, checkout.stripe)
    await floor.move_clock(-SOON)
    with pytest.raises(StateRefused, match="deadline_passed"):
        await floor.intend(a_cart(f"{film.slug}__frame"))
    ended = await floor.complete(late, at=film.deadline_at - timedelta(minutes=30))

    assert ended.status == "too_late"
    assert await floor.said(CheckoutCompleted, late.order_id) == []


async def test_an_extended_deadline_before_the_drain_is_in_force(
    floor: Floor, checkout: Checkout
) -> None:
    """Published before the start, and heard of now; from the start on it is frozen."""
    film = await ending_soon(floor)
    extended = published(_extended(film, version=2, by=timedelta(days=1)))
    before = film.starts_at - timedelta(hours=1)
    await floor.do(keep_campaign, msgspec.structs.replace(extended, occurred_at=before))
    await floor.move_clock(SOON)

    assert await drain_campaigns(floor.pool, checkout.stripe) == 0
    assert await floor.said(CheckoutDrained, film.slug) == []
    assert await floor.intend(a_cart(f"{film.slug}__frame"))


async def test_the_drained_set_is_exactly_what_was_said_to_be_completed(
    floor: Floor, checkout: Checkout
) -> None:
    film = await ending_soon(floor)
    orders = [await floor.open(a_cart(f"{film.slug}__frame")) for _ in range(20)]
    await floor.move_clock(SOON)

    async def card_comes(number: int) -> None:
        at = film.deadline_at.replace(microsecond=0) + timedelta(seconds=number - 10)
        await floor.complete(orders[number], at=at)

    async def drain() -> None:
        while not await floor.said(CheckoutDrained, film.slug):
            async with transaction(floor.pool) as conn:
                await close_if_decided(conn, film.slug)

    await asyncio.gather(drain(), *(card_comes(number) for number in range(20)))
    (drained,) = await floor.said(CheckoutDrained, film.slug)
    said = await floor.said(CheckoutCompleted, film.slug)
    refused = await floor.said(CheckoutRefused, film.slug)

    assert len(said) + len(refused) == 20
    assert drained.order_count == len(said)
    assert drained.order_hash == order_hash([event.order_id for event in said])
    await floor.assert_units_add_up()


def _extended(film: CampaignDefinition, *, version: int, by: timedelta) -> CampaignDefinition:
    return msgspec.structs.replace(film, version=version, deadline_at=film.deadline_at + by)


async def test_what_the_ledger_misses_is_said_again_and_nothing_else(
    floor: Floor, checkout: Checkout
) -> None:
    film, other = await ending_soon(floor), await floor.publish(tiers=(a_tier(limit_total=50),))
    orders = [await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")))]
    orders.append(await floor.complete(await floor.open(a_cart(f"{film.slug}__frame"))))
    await floor.complete(await floor.open(a_cart(f"{other.slug}__frame")))
    await floor.move_clock(SOON)
    await drain_campaigns(floor.pool, checkout.stripe)
    await floor.pool.execute("UPDATE outbox SET published_at = clock_timestamp()")
    missed = OrdersMissed(
        event_id=EventId("missed"),
        occurred_at=datetime.now(UTC),
        campaign=film.slug,
        applied_count=1,
        applied_hash="",
    )

    await floor.do(hear_missed, missed)
    again = await floor.pool.fetch(
        "SELECT event_type, aggregate_id FROM outbox WHERE published_at IS NULL"
    )

    assert sorted(map(tuple, again)) == sorted(
        [
            *(("checkout.completed", order.order_id) for order in orders),
            ("checkout.drained", f"drain:{film.slug}"),
        ]
    )
