"""A card is kept as long as a pledge needs it, and detached once when none does."""

import asyncio
from typing import Any

import pytest

from contracts.ids import OrderId
from services.checkout.domain.orders import Order
from services.checkout.handlers.hear_pledges import (
    hear_cancelled,
    hear_charged,
    hear_many_charged,
    hear_refused,
    hear_released,
)
from services.checkout.queries import detachments
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.decide_order import decide_order
from services.checkout.steps.detach_cards import detach_cards
from services.checkout.steps.start_checkout import start_checkout
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_slug, a_tier, cancelled, charged, refused, released
from tests.checkout.sandbox import Sandbox


class Cards:
    """What became of cards, here and at Stripe."""

    def __init__(self, floor: Floor, checkout: Checkout, sandbox: Sandbox) -> None:
        self.floor = floor
        self.checkout = checkout
        self.sandbox = sandbox

    async def detach(self) -> int:
        return await detach_cards(self.floor.pool, self.checkout.stripe)

    async def time_passes(self) -> None:
        """Let every delay be over."""
        await self.floor.owner.execute("UPDATE card_detachments SET due_at = clock_timestamp()")

    async def queued(self) -> list[tuple[str, bool]]:
        rows = await self.floor.owner.fetch(
            "SELECT because, detached_at IS NOT NULL AS is_done FROM card_detachments"
        )
        return [tuple(row) for row in rows]

    async def is_attached(self, order: Order) -> bool:
        method = self.sandbox.payment_method(await self.floor.card_of(order))
        return method["customer"] is not None


@pytest.fixture
def kept(floor: Floor, checkout: Checkout, sandbox: Sandbox) -> Cards:
    return Cards(floor, checkout, sandbox)


async def pledged(kept: Cards, **facts: Any) -> Order:
    film = await kept.floor.publish(**facts)
    return await kept.floor.pledged(kept.checkout, kept.sandbox, f"{film.slug}__frame")


async def test_a_card_stays_while_its_pledge_does(kept: Cards) -> None:
    order = await pledged(kept)

    assert await kept.detach() == 0
    assert await kept.is_attached(order)


@pytest.mark.parametrize(
    ("hear", "said", "because"),
    [
        pytest.param(hear_cancelled, cancelled, "cancelled", id="cancelled"),
        pytest.param(hear_refused, refused, "refused", id="refused by the ledger"),
        pytest.param(hear_released, released, "released", id="not funded"),
    ],
)
async def test_a_card_goes_with_the_last_pledge_that_needs_it(
    kept: Cards, hear: Any, said: Any, because: str
) -> None:
    order = await pledged(kept)

    await kept.floor.do(hear, said(order))
    await kept.floor.do(hear, said(order))
    await kept.detach()

    assert not await kept.is_attached(order)
    assert await kept.queued() == [(because, True)]
    assert await kept.detach() == 0


async def test_a_bundles_card_stays_until_every_campaign_is_done_with_it(kept: Cards) -> None:
    one, two = [await kept.floor.publish(slug=a_slug(name)) for name in ("one", "two")]
    order = await kept.floor.pledged(
        kept.checkout, kept.sandbox, f"{one.slug}__frame", f"{two.slug}__frame"
    )
    first, second = order.pledges

    await kept.floor.do(hear_cancelled, cancelled(order, first))
    await kept.detach()
    attached = await kept.is_attached(order)
    await kept.floor.do(hear_cancelled, cancelled(order, second))
    await kept.detach()

    assert attached
    assert not await kept.is_attached(order)


async def test_charges_heard_together_end_what_each_would_alone(kept: Cards) -> None:
    one, two, other = await pledged(kept), await pledged(kept), await pledged(kept)

    await kept.floor.do(hear_many_charged, [charged(one), charged(two), charged(one)])
    rows = await kept.floor.owner.fetch("SELECT pledge_id, ended_as FROM card_uses")

    assert {row["pledge_id"]: row["ended_as"] for row in rows} == {
        one.pledges[0].pledge_id: "charged",
        two.pledges[0].pledge_id: "charged",
        other.pledges[0].pledge_id: None,
    }
    assert await kept.queued() == []


async def test_a_charge_alone_takes_no_card_away_but_ends_the_need_for_it(kept: Cards) -> None:
    order = await pledged(kept)

    await kept.floor.do(hear_charged, charged(order))
    await kept.detach()
    attached = await kept.is_attached(order)
    await kept.floor.do(hear_cancelled, cancelled(order))

    assert attached
    assert await kept.queued() == [], "what is charged was not cancelled: the first end stays"


async def test_a_card_saved_too_late_for_everything_is_not_kept(kept: Cards) -> None:
    film = await kept.floor.publish(tiers=(a_tier(limit_total=1),))
    started = await start_checkout(kept.checkout, a_cart(f"{film.slug}__frame"), None)
    kept.sandbox.save_card(started.session_id).raise_for_status()
    await kept.floor.owner.execute("UPDATE campaigns SET deadline_at = now() - interval '1 day'")
    await decide_order(kept.floor.pool, kept.checkout.stripe, OrderId(started.order_id))

    await kept.detach()

    session = kept.sandbox.http.get(
        f"/v1/checkout/sessions/{started.session_id}", params={"expand[]": "setup_intent"}
    ).json()
    method = kept.sandbox.payment_method(session["setup_intent"]["payment_method"])
    assert method["customer"] is None
    assert await kept.queued() == [("refused", True)]


@pytest.mark.parametrize("dies_after", ["lease", "call"])
async def test_who_dies_on_the_way_leaves_it_to_the_next(kept: Cards, dies_after: str) -> None:
    order = await pledged(kept)
    await kept.floor.do(hear_cancelled, cancelled(order))

    (method,) = await kept.floor.do(detachments.take_due, 10)
    if dies_after == "call":
        await kept.checkout.stripe.detach_card(method)
    early = await kept.detach()
    await kept.time_passes()
    await kept.detach()

    assert early == 0, "until its time has come again it is in somebody's hands"
    assert not await kept.is_attached(order)
    assert await kept.queued() == [("cancelled", True)]


async def test_while_stripe_is_away_a_card_waits(kept: Cards) -> None:
    order = await pledged(kept)
    await kept.floor.do(hear_cancelled, cancelled(order))
    kept.sandbox.faults(error_rate=1)

    await kept.detach()
    waiting = await kept.queued()
    kept.sandbox.faults(reset=True)
    await kept.time_passes()
    await kept.detach()

    assert waiting == [("cancelled", False)]
    assert not await kept.is_attached(order)


async def test_a_card_that_is_needed_again_is_left_alone(kept: Cards) -> None:
    order = await pledged(kept)
    await kept.floor.do(detachments.queue_cards, [await kept.floor.card_of(order)], "mistaken")

    assert await kept.detach() == 0
    assert await kept.is_attached(order)


async def test_two_queues_at_once_ask_stripe_once(kept: Cards) -> None:
    order = await pledged(kept)
    await kept.floor.do(hear_cancelled, cancelled(order))

    taken = await asyncio.gather(*(kept.detach() for _ in range(4)))

    wanted = f"/v1/payment_methods/{await kept.floor.card_of(order)}/detach"
    asked = [each for each in kept.sandbox.requests() if each["path"] == wanted]
    assert sorted(taken) == [0, 0, 0, 1]
    assert len(asked) == 1


async def test_without_an_address_nobody_keeps_a_card(kept: Cards) -> None:
    order = await kept.floor.open(a_cart(f"{(await kept.floor.publish()).slug}__frame"))

    await kept.floor.complete(order, email=None)

    assert await kept.queued() == [("unwanted", False)]
