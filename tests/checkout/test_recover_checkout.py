"""An order the database lost is made again, if it still costs what was agreed; else refused."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from contracts.api.checkout import Started
from contracts.events.checkout import CheckoutCompleted
from contracts.pricing import Address
from contracts.refusals import InputRefused, NotFound, StateRefused
from services.checkout.domain.answers import Recovered
from services.checkout.domain.bodies import ConsentBody, RecoverBody
from services.checkout.domain.cart import WantedItem
from services.checkout.domain.sessions import CART_PIECES_MAX, in_pieces, out_of_pieces
from services.checkout.handlers.keep_definitions import keep_campaign
from services.checkout.steps import recover_checkout
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.recover_checkout import recover
from services.checkout.steps.start_checkout import start_checkout
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_tier, an_email, published
from tests.checkout.sandbox import Sandbox

HOME = Address(name="Noor", address1="1 Bridge St", postal_code="87101", country="US")


class Loss:
    """A checkout that Stripe completed and our database forgot."""

    def __init__(self, floor: Floor, checkout: Checkout, sandbox: Sandbox) -> None:
        self.floor = floor
        self.checkout = checkout
        self.sandbox = sandbox

    async def start(self, *items: Any, **cart: Any) -> Started:
        started = await start_checkout(self.checkout, a_cart(*items, **cart), None)
        self.sandbox.save_card(started.session_id).raise_for_status()
        return started

    async def happen(self) -> None:
        await self.floor.owner.execute("TRUNCATE orders, stripe_customers CASCADE")
        await self.floor.owner.execute("UPDATE stock SET claimed = 0, reserved = 0")

    async def recover(self, **body: Any) -> Recovered:
        return await recover(self.floor.pool, self.checkout.stripe, RecoverBody(**body))


@pytest.fixture
def loss(floor: Floor, checkout: Checkout, sandbox: Sandbox) -> Loss:
    return Loss(floor, checkout, sandbox)


@pytest.mark.parametrize("known_by", ["order", "session", "both"])
async def test_a_lost_order_is_made_again_with_everything_its_session_notes(
    loss: Loss, known_by: str
) -> None:
    film = await loss.floor.publish(tiers=(a_tier(limit_total=3, is_stackable=True),))
    email = an_email()
    started = await loss.start(
        WantedItem(id=f"{film.slug}__frame", quantity=2),
        WantedItem(id=f"{film.slug}__custom-support", amount=Decimal("12.50")),
        email=email,
        preferred_lang="es",
        consent=ConsentBody(version="2026-12", language="es"),
        ref="poster",
    )
    await loss.happen()
    named = {
        "order": {"order_id": started.order_id},
        "session": {"session_id": started.session_id},
        "both": {"order_id": started.order_id, "session_id": started.session_id},
    }[known_by]

    answers = [await loss.recover(**named) for _ in range(2)]
    (event,) = await loss.floor.said(CheckoutCompleted, started.order_id)

    assert [each.status for each in answers] == ["completed", "completed"]
    assert answers[0].order_id == started.order_id
    assert event.email == email
    assert event.language == "es"
    assert sum(pledge.price.total_cents for pledge in event.pledges) == started.totals.amount
    assert [line.quantity for line in event.pledges[0].lines] == [2, 1]
    assert (event.consent.version, event.attribution.ref) == ("2026-12", "poster")
    assert (await loss.floor.stock(film.slug))["frame"].claimed == 2


async def test_an_order_that_would_cost_another_sum_is_refused_with_both(loss: Loss) -> None:
    film = await loss.floor.publish()
    started = await loss.start(f"{film.slug}__frame")
    await loss.happen()
    dearer = (a_tier(price_cents=9_900),)
    await loss.floor.publish(slug=film.slug, version=2, tiers=dearer)

    with pytest.raises(StateRefused, match="order_lost") as refused:
        await loss.recover(order_id=started.order_id)

    assert refused.value.extra["agreedAmount"] == str(started.totals.amount)
    assert refused.value.extra["amountNow"] != started.totals.amount
    assert await loss.floor.owner.fetchval("SELECT count(*) FROM orders") == 0


async def test_what_is_posted_needs_an_address_from_somewhere(loss: Loss) -> None:
    film = await loss.floor.publish(tiers=(a_tier(category="physical"),))
    started = await loss.start(f"{film.slug}__frame", shipping_address=HOME)
    await loss.happen()

    with pytest.raises(InputRefused, match="address_needed"):
        await loss.recover(order_id=started.order_id)
    await loss.recover(order_id=started.order_id, shipping_address=HOME)

    (event,) = await loss.floor.said(CheckoutCompleted, started.order_id)
    assert event.shipping_address == HOME


async def test_an_order_whose_campaign_is_over_is_refused_by_its_rule(loss: Loss) -> None:
    film = await loss.floor.publish()
    started = await loss.start(f"{film.slug}__frame")
    await loss.happen()
    over = msgspec.structs.replace(film, version=2, deadline_at=film.starts_at)
    # Said before the start: from then on a deadline is frozen.
    before = film.starts_at - timedelta(hours=1)
    await loss.floor.do(keep_campaign, msgspec.structs.replace(published(over), occurred_at=before))

    with pytest.raises(StateRefused):
        await loss.recover(order_id=started.order_id)


async def test_a_session_that_says_nothing_of_its_cart_is_refused(
    loss: Loss, sandbox: Sandbox
) -> None:
    film = await loss.floor.publish()
    started = await loss.start(f"{film.slug}__frame")
    sandbox.http.post(
        f"/v1/checkout/sessions/{started.session_id}", data={"metadata[cart0]": ""}
    ).raise_for_status()
    await loss.happen()

    with pytest.raises(StateRefused, match="order_lost"):
        await loss.recover(session_id=started.session_id)


async def test_what_nobody_knows_is_not_found(loss: Loss, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever played here before us left thousands of sessions; we look through ours.
    monkeypatch.setattr(recover_checkout, "OLDEST", timedelta(minutes=1))
    with pytest.raises(NotFound):
        await loss.recover(order_id="pool-intent-0123456789abcdef")
    with pytest.raises(NotFound):
        await loss.recover(session_id="cs_test_made_up")
    with pytest.raises(InputRefused):
        await loss.recover()
    with pytest.raises(InputRefused):
        await loss.recover(order_id="'; DROP TABLE orders")


async def test_a_session_and_an_order_that_do_not_belong_together_are_refused(
    loss: Loss,
) -> None:
    film = await loss.floor.publish()
    one, two = [await loss.start(f"{film.slug}__frame") for _ in range(2)]
    await loss.happen()

    with pytest.raises(NotFound):
        await loss.recover(order_id=one.order_id, session_id=two.session_id)


def test_a_cart_travels_in_pieces_stripe_takes() -> None:
    cart = {"items": [{"id": f"film__tier-{n}", "quantity": 1} for n in range(200)]}
    pieces = in_pieces(cart)

    assert all(len(piece) <= 500 for piece in pieces.values())
    assert len(pieces) <= CART_PIECES_MAX
    assert msgspec.json.decode(out_of_pieces({**pieces, "orderId": "x"})) == cart
    assert in_pieces({"items": ["x" * 500] * 21}) == {}
    assert in_pieces(None) == {}
    assert out_of_pieces({}) == b""
