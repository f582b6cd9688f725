"""Checkout forgets whose an order was, and keeps what it was of."""

from datetime import UTC, datetime

import msgspec

from contracts.campaign import TierField
from contracts.events.pledges import PledgeErased
from contracts.pricing import Address
from services.checkout.domain.cart import WantedItem
from services.checkout.domain.orders import Order
from services.checkout.handlers.forget_person import hear_erased
from services.checkout.handlers.hear_pledges import hear_cancelled, hear_created
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_tier, an_event_id, cancelled, created

HOME = Address(
    name="Jane Doe",
    address1="123 Main St",
    city="Albuquerque",
    province="NM",
    postal_code="87101",
    country="US",
)
EMAIL = "jane@halfmoon.example"


def erased(order: Order) -> PledgeErased:
    """Return the news that whoever made an order is to be forgotten."""
    assert order.supporter_id is not None
    return PledgeErased(
        event_id=an_event_id(),
        occurred_at=datetime.now(UTC),
        pledge_id=order.pledges[0].pledge_id,
        order_id=order.order_id,
        campaign=order.pledges[0].campaign,
        supporter_id=order.supporter_id,
        email=EMAIL,
    )


async def ordered(floor: Floor, email: str = EMAIL) -> Order:
    """Return an order with an address and an answer, which the ledger has."""
    field = TierField(name="Name in the credits")
    film = await floor.publish(tiers=(a_tier(limit_total=5, fields=(field,)),))
    item = WantedItem(id=f"{film.slug}__frame", fields={"Name in the credits": "Jane D."})
    order = await floor.open(a_cart(item, shipping_address=HOME))
    order = await floor.complete(order, email=email)
    await floor.do(hear_created, created(order))
    # As if it were posted: which things are, is nobody's business here.
    await floor.pool.execute(
        "UPDATE orders SET shipping_address = $1 WHERE order_id = $2", HOME, order.order_id
    )
    return order


async def rows(floor: Floor) -> str:
    """Return what orders and cards say."""
    found = await floor.owner.fetch(
        "SELECT to_jsonb(o)::text FROM orders AS o"
        " UNION ALL SELECT to_jsonb(c)::text FROM cards AS c"
    )
    return "\n".join(row[0] for row in found)


async def test_nothing_of_a_person_is_left_in_their_order(floor: Floor) -> None:
    order = await ordered(floor)
    before = await rows(floor)
    assert [word for word in (EMAIL, "Jane D.", "Jane Doe") if word not in before] == []

    await floor.do(hear_cancelled, cancelled(order))
    for _ in range(2):
        await floor.do(hear_erased, erased(order))

    after = await rows(floor)
    assert [word for word in (EMAIL, "Jane", "Main St", "87101") if word in after] == []
    kept = await floor.order(order.order_id)
    assert (kept.status, kept.supporter_id) == ("persisted", order.supporter_id)
    assert [each.price for each in kept.pledges] == [each.price for each in order.pledges]
    await floor.assert_units_add_up()


async def test_of_others_everything_stays(floor: Floor) -> None:
    gone, stays = await ordered(floor), await ordered(floor, email="zed@halfmoon.example")
    before = await floor.order(stays.order_id)

    await floor.do(hear_cancelled, cancelled(gone))
    await floor.do(hear_erased, erased(gone))

    assert await floor.order(stays.order_id) == before
    assert msgspec.to_builtins(before)["email"] == "zed@halfmoon.example"
