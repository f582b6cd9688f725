"""Orders of which nothing came forget their person, and old ones where they were sent."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.campaign import TierField
from services.checkout.domain.cart import WantedItem
from services.checkout.domain.orders import Order
from services.checkout.queries import old_orders
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_tier
from tests.checkout.test_forget_person import EMAIL, HOME, ordered


async def begun(floor: Floor, status: str, *, days_ago: int) -> Order:
    """Return an order that was begun that long ago and ended like this."""
    film = await floor.publish()
    order = await floor.open(a_cart(WantedItem(id=f"{film.slug}__frame"), shipping_address=HOME))
    await floor.owner.execute(
        "UPDATE orders SET status = $2, email = $3, created_at = platform.now() - $4::interval,"
        ' shipping_address = $5::jsonb, attribution = \'{"ref": "a"}\' WHERE order_id = $1',
        order.order_id,
        status,
        EMAIL,
        timedelta(days=days_ago),
        '{"name": "Jane Doe", "address1": "123 Main St"}',
    )
    return order


async def row(floor: Floor, order: Order) -> Any:
    return await floor.owner.fetchrow("SELECT * FROM orders WHERE order_id = $1", order.order_id)


@pytest.mark.parametrize("status", ["expired", "abandoned", "too_late"])
async def test_an_order_of_which_nothing_came_forgets_after_ninety_days(
    floor: Floor, status: str
) -> None:
    old = await begun(floor, status, days_ago=91)
    young = await begun(floor, status, days_ago=89)

    gone = [await floor.do(old_orders.forget_intents, limit=1) for _ in range(2)]

    assert gone == [1, 0]
    kept = await row(floor, old)
    assert (kept["email"], kept["shipping_address"], kept["attribution"]) == (None, None, None)
    assert kept["status"] == status
    assert (await row(floor, young))["email"] == EMAIL


async def test_what_was_answered_goes_too_where_no_address_was_given(floor: Floor) -> None:
    field = TierField(name="Name in the credits")
    film = await floor.publish(tiers=(a_tier(fields=(field,)),))
    item = WantedItem(id=f"{film.slug}__frame", fields={"Name in the credits": "Jane D."})
    order = await floor.open(a_cart(item))
    await floor.expire(order)
    before = await row(floor, order)
    await floor.owner.execute("UPDATE orders SET created_at = created_at - interval '91 days'")

    await floor.do(old_orders.forget_intents, limit=10)

    after = await row(floor, order)
    assert ("Jane D." in str(before["pledges"]), "Jane D." in str(after["pledges"])) == (
        True,
        False,
    )


async def test_what_is_undecided_or_became_a_pledge_stays(floor: Floor) -> None:
    undecided = await begun(floor, "open", days_ago=300)
    pledged = await ordered(floor)
    await floor.owner.execute("UPDATE orders SET created_at = created_at - interval '300 days'")

    assert await floor.do(old_orders.forget_intents, limit=10) == 0
    assert (await row(floor, undecided))["email"] == EMAIL
    assert (await row(floor, pledged))["email"] == EMAIL


async def test_an_address_goes_two_years_after_the_last_deadline(floor: Floor) -> None:
    order = await ordered(floor)
    await floor.owner.execute("UPDATE orders SET created_at = created_at - interval '3 years'")
    outcomes = []
    for days in (729, 731):
        await floor.owner.execute(
            "UPDATE campaigns SET deadline_at = platform.now() - $1::interval", timedelta(days=days)
        )
        gone = await floor.do(old_orders.forget_addresses, limit=10)
        outcomes.append((gone, (await row(floor, order))["shipping_address"] is None))

    assert outcomes == [(0, False), (1, True)]
    assert (await row(floor, order))["email"] == EMAIL


async def test_late_support_keeps_its_address_as_long_from_its_own_day_on(floor: Floor) -> None:
    order = await ordered(floor)
    await floor.owner.execute(
        "UPDATE campaigns SET deadline_at = platform.now() - interval '3 years'"
    )
    outcomes = []
    for days in (729, 731):
        await floor.owner.execute(
            "UPDATE orders SET created_at = platform.now() - $1::interval", timedelta(days=days)
        )
        gone = await floor.do(old_orders.forget_addresses, limit=10)
        outcomes.append((gone, (await row(floor, order))["shipping_address"] is None))

    assert outcomes == [(0, False), (1, True)]
