"""After a restore: what Stripe has of orders and cards, and the backup half or not at all."""

from typing import Any

import pytest

from contracts.events.checkout import CardSaved, CheckoutCompleted
from services.checkout.domain.answers import LostCheckouts
from services.checkout.domain.bodies import LostBody
from services.checkout.domain.stripe_objects import ListedSession
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.recover_lost import recover_lost
from services.checkout.steps.start_checkout import start_checkout
from services.checkout.usps_gateway import NO_CARRIER
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, an_email
from tests.checkout.sandbox import Sandbox
from tests.checkout.test_update_card import MASTERCARD, Supporter


class Restored:
    """A database that was restored, before Stripe that knows more."""

    def __init__(self, floor: Floor, checkout: Checkout, sandbox: Sandbox) -> None:
        self.floor = floor
        self.checkout = checkout
        self.sandbox = sandbox
        self.sessions: set[str | None] = set()

    async def forget(self, *statements: str) -> None:
        """Take away what came after the backup."""
        async with self.floor.owner.transaction():
            # Orders go forward only, for everybody else.
            await self.floor.owner.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                await self.floor.owner.execute(statement)
        await self.floor.owner.execute(
            "INSERT INTO platform.recovery (backed_up_at) VALUES (clock_timestamp())"
        )

    async def look(self) -> LostCheckouts:
        """Look through Stripe's list, as an operator's `reconcile` does."""
        return await recover_lost(self.floor.pool, self.checkout.stripe, NO_CARRIER, LostBody())


@pytest.fixture
async def restored(
    floor: Floor, checkout: Checkout, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Restored:
    made = Restored(floor, checkout, sandbox)
    theirs = checkout.stripe.list_sessions

    async def ours(**wanted: Any) -> list[ListedSession]:
        # Stripe has those of other tests as well.
        return [each for each in await theirs(**wanted) if each.session_id in made.sessions]

    monkeypatch.setattr(checkout.stripe, "list_sessions", ours)
    return made


@pytest.mark.parametrize(
    "as_of_then",
    [
        pytest.param("status = 'opening', session_id = NULL", id="its session was being made"),
        pytest.param("status = 'open'", id="somebody was typing"),
    ],
)
async def test_an_order_that_was_begun_before_the_backup_is_completed(
    restored: Restored, as_of_then: str
) -> None:
    film = await restored.floor.publish()
    started = await start_checkout(
        restored.checkout, a_cart(f"{film.slug}__frame", email=an_email()), None
    )
    restored.sandbox.save_card(started.session_id).raise_for_status()
    restored.sessions = {started.session_id}
    await restored.forget(f"UPDATE orders SET {as_of_then}")

    first, again = await restored.look(), await restored.look()
    told = await restored.floor.said(CheckoutCompleted, started.order_id)

    assert (first.made_again, first.known, first.lost) == (1, 0, ())
    assert (again.made_again, again.known) == (0, 1)
    assert len(told) == 1


async def test_a_card_that_was_changed_after_the_backup_is_changed_again(
    restored: Restored,
) -> None:
    noor = Supporter(restored.floor, restored.checkout, restored.sandbox)
    order = await noor.pledge((await restored.floor.publish()).slug)
    started = await noor.start(noor.token(order))
    noor.sandbox.save_card(started.session_id, card=MASTERCARD).raise_for_status()
    restored.sessions = {order.session_id, started.session_id}
    await restored.forget("DELETE FROM card_updates")

    first, again = await restored.look(), await restored.look()
    (told,) = await restored.floor.said(CardSaved, order.order_id)

    assert (first.made_again, first.known, first.lost) == (1, 1, ())
    assert (again.made_again, again.known) == (0, 2)
    assert (told.card.last4, told.reason) == ("4444", "replaced")


async def test_a_card_for_a_pledge_that_is_lost_is_named(restored: Restored) -> None:
    noor = Supporter(restored.floor, restored.checkout, restored.sandbox)
    order = await noor.pledge((await restored.floor.publish()).slug)
    started = await noor.start(noor.token(order))
    noor.sandbox.save_card(started.session_id, card=MASTERCARD).raise_for_status()
    restored.sessions = {order.session_id, started.session_id}
    await restored.forget(
        "TRUNCATE orders, card_uses, card_updates, stripe_customers CASCADE",
        "UPDATE stock SET claimed = 0, reserved = 0",
    )

    first, again = await restored.look(), await restored.look()

    assert [each.session_id for each in first.lost] == [started.session_id]
    assert (first.made_again, again.made_again, again.lost) == (1, 1, ())
