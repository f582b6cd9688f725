"""Whoever is forgotten here is forgotten at Stripe: once nothing needs their customer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.events.pledges import PledgeErased
from services.checkout.domain.orders import Order
from services.checkout.handlers.forget_person import hear_erased
from services.checkout.handlers.hear_pledges import hear_cancelled, hear_charged
from services.checkout.queries import customers, deletions, old_orders
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.delete_customers import delete_customers
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, an_event_id, cancelled, charged
from tests.checkout.sandbox import Sandbox

HALF_A_YEAR = timedelta(days=180)


class People:
    """Somebody with a pledge and a customer at Stripe, and what becomes of both."""

    def __init__(self, floor: Floor, checkout: Checkout, sandbox: Sandbox) -> None:
        self.floor = floor
        self.checkout = checkout
        self.sandbox = sandbox

    async def pledged(self) -> Order:
        film = await self.floor.publish()
        return await self.floor.pledged(self.checkout, self.sandbox, f"{film.slug}__frame")

    async def erase(self, order: Order) -> None:
        assert order.supporter_id is not None
        event = PledgeErased(
            event_id=an_event_id(),
            occurred_at=datetime.now(UTC),
            pledge_id=order.pledges[0].pledge_id,
            order_id=order.order_id,
            campaign=order.pledges[0].campaign,
            supporter_id=order.supporter_id,
            email="whoever@halfmoon.example",
        )
        await self.floor.do(hear_erased, event)

    async def customer(self, order: Order) -> str:
        found: str = await self.floor.owner.fetchval(
            "SELECT customer_id FROM cards WHERE supporter_id = $1", order.supporter_id
        )
        return found

    async def delete(self) -> int:
        return await delete_customers(self.floor.pool, self.checkout.stripe)

    async def time_passes(self) -> None:
        """Let every delay of ours be over."""
        await self.floor.owner.execute("UPDATE customer_deletions SET due_at = clock_timestamp()")

    async def months_pass(self) -> None:
        """Let half a year of the platform's time be over."""
        await self.floor.owner.execute(
            "UPDATE customer_deletions SET wait_until = wait_until - $1::interval", HALF_A_YEAR
        )

    async def rows(self) -> list[Any]:
        return [
            tuple(row)
            for row in await self.floor.owner.fetch(
                "SELECT customer_id, deleted_at IS NOT NULL FROM customer_deletions"
            )
        ]

    async def deletions(self) -> list[str]:
        """Return what Stripe was asked to delete of ours: others have played here before."""
        ours = {f"/v1/customers/{customer}" for customer, _ in await self.rows()}
        asked = self.sandbox.requests()
        return [
            each["path"] for each in asked if each["method"] == "DELETE" and each["path"] in ours
        ]


@pytest.fixture
def people(floor: Floor, checkout: Checkout, sandbox: Sandbox) -> People:
    return People(floor, checkout, sandbox)


async def test_who_never_paid_is_deleted_at_once_and_once(people: People) -> None:
    order = await people.pledged()
    customer = await people.customer(order)
    await people.floor.do(hear_cancelled, cancelled(order))
    for _ in range(2):
        await people.erase(order)

    taken = [await people.delete() for _ in range(2)]

    assert taken == [1, 0]
    assert await people.rows() == [(customer, True)]
    assert await people.deletions() == [f"/v1/customers/{customer}"]
    kept = await people.floor.owner.fetchrow(
        "SELECT email, customer_id FROM stripe_customers WHERE supporter_id = $1",
        order.supporter_id,
    )
    assert kept is None or tuple(kept) == ("", None)


async def test_who_comes_again_after_that_and_is_forgotten_again_gets_a_third_customer(
    people: People,
) -> None:
    """Else the next pledge would be of a customer whose deletion is on its way."""
    for _ in range(2):
        order = await people.pledged()
        await people.floor.do(hear_cancelled, cancelled(order))
        await people.erase(order)

    kept = await people.floor.owner.fetchval(
        "SELECT customer_id FROM stripe_customers WHERE supporter_id = $1", order.supporter_id
    )

    assert kept is None
    assert len({customer for customer, _ in await people.rows()}) == 2


async def test_who_paid_stays_at_stripe_until_nothing_can_be_disputed(people: People) -> None:
    order = await people.pledged()
    await people.floor.do(hear_charged, charged(order))
    await people.erase(order)

    early = await people.delete()
    await people.months_pass()
    late = await people.delete()

    assert (early, late) == (0, 1)


async def test_nobody_is_deleted_whose_pledge_still_needs_the_card(people: People) -> None:
    order = await people.pledged()
    customer = await people.customer(order)
    await people.floor.owner.execute(
        "INSERT INTO customer_deletions (customer_id, supporter_id, wait_until)"
        " VALUES ($1, $2, '-infinity')",
        customer,
        order.supporter_id,
    )

    assert await people.delete() == 0
    await people.floor.do(hear_cancelled, cancelled(order))
    assert await people.delete() == 1


async def test_while_stripe_is_away_it_waits_and_one_that_is_gone_is_gone(people: People) -> None:
    order = await people.pledged()
    customer = await people.customer(order)
    await people.floor.do(hear_cancelled, cancelled(order))
    await people.erase(order)
    people.sandbox.faults(error_rate=1)

    await people.delete()
    waiting = await people.rows()
    people.sandbox.faults(reset=True)
    await people.checkout.stripe.delete_customer(customer)
    await people.time_passes()
    await people.delete()

    assert waiting == [(customer, False)]
    assert await people.rows() == [(customer, True)]


async def test_who_never_pledged_is_forgotten_at_stripe_once_their_order_is(
    people: People,
) -> None:
    film = await people.floor.publish()
    cart = a_cart(f"{film.slug}__frame", email="looked@halfmoon.example")
    order = await people.floor.open(cart)
    made = {order.supporter_id: ("looked@halfmoon.example", "cus_looked")}
    await people.floor.do(customers.record_customers, made)
    await people.floor.expire(order)
    await people.floor.owner.execute(
        "UPDATE orders SET created_at = created_at - $1::interval", timedelta(days=91)
    )

    known = await people.floor.do(deletions.queue_strangers, limit=10)
    await people.floor.do(old_orders.forget_intents, limit=10)
    forgotten = await people.floor.do(deletions.queue_strangers, limit=10)

    assert (known, forgotten) == (0, 1)
    assert [customer for customer, _ in await people.rows()] == ["cus_looked"]
    assert await people.floor.do(deletions.queue_strangers, limit=10) == 0


async def test_who_pledged_is_nobody_to_be_forgotten(people: People) -> None:
    await people.pledged()

    assert await people.floor.do(deletions.queue_strangers, limit=10) == 0
    assert await people.rows() == []
