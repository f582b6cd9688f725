"""Scarce units: sold once, freed once, counted always."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from contracts.campaign import AddOnVariant
from contracts.events.checkout import (
    CheckoutCompleted,
    CheckoutRefused,
    RefusedPart,
    StockChanged,
    StockLevel,
)
from contracts.refusals import StateRefused
from services.checkout.domain.cart import WantedItem
from services.checkout.domain.stock import PLATFORM_SHELF
from services.checkout.handlers.hear_pledges import hear_cancelled, hear_created, hear_refused
from services.checkout.handlers.keep_definitions import keep_campaign
from tests.checkout.floor import Floor, settled
from tests.checkout.samples import a_cart, a_product, a_tier, cancelled, created, published, refused


def many(item_id: str, quantity: int) -> WantedItem:
    return WantedItem(id=item_id, quantity=quantity)


async def test_five_hundred_buyers_for_seven_units_make_seven_orders(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=7),))
    hands = asyncio.Semaphore(16)

    async def buy() -> Any:
        async with hands:
            return await floor.intend(a_cart(f"{film.slug}__frame"))

    bought, turned_away = await settled(*(buy() for _ in range(500)))

    assert len(bought) == 7
    assert len(turned_away) == 493
    assert {getattr(each, "reason", each) for each in turned_away} == {"sold_out"}
    assert all(each.extra["remaining"] == 0 for each in turned_away)  # type: ignore[attr-defined]
    assert (await floor.stock(film.slug))["frame"].reserved == 7
    await floor.assert_units_add_up()


async def test_the_last_seven_of_a_size_go_to_seven_of_five_hundred(floor: Floor) -> None:
    sizes = (AddOnVariant(variant_id="s", label="S", inventory=7),)
    film = await floor.publish(add_ons=(a_product("shirt", variants=sizes),))
    hands = asyncio.Semaphore(16)

    async def buy() -> Any:
        async with hands:
            return await floor.intend(a_cart(f"{film.slug}__frame", "addon__shirt__variant__s"))

    bought, turned_away = await settled(*(buy() for _ in range(500)))

    assert (len(bought), len(turned_away)) == (7, 493)
    assert {getattr(each, "reason", each) for each in turned_away} == {"sold_out"}
    assert (await floor.stock(film.slug))["shirt__variant__s"].reserved == 7
    await floor.assert_units_add_up()


async def test_the_platforms_last_one_is_the_last_for_every_campaign(floor: Floor) -> None:
    await floor.sell(a_product("mug", inventory=1))
    films = [await floor.publish() for _ in range(4)]

    bought, turned_away = await settled(
        *(floor.open(a_cart(f"{film.slug}__frame", "addon__mug")) for film in films)
    )
    await floor.expire(bought[0])
    after = await floor.open(a_cart(f"{films[0].slug}__frame", "addon__mug"))
    done = await floor.complete(after)

    assert (len(bought), len(turned_away)) == (1, 3)
    assert done.status == "completed"
    assert await floor.stock(PLATFORM_SHELF) == {
        "mug": StockLevel(limit_total=1, claimed=1, reserved=0)
    }
    await floor.assert_units_add_up()


@pytest.mark.parametrize("ending", ["expired", "cancelled", "refused", "too late"])
async def test_add_ons_are_free_again_as_tiers_are(floor: Floor, ending: str) -> None:
    await floor.sell(a_product("mug", inventory=5))
    film = await floor.publish(
        tiers=(a_tier(limit_total=5),), add_ons=(a_product("poster", inventory=5),)
    )
    order = await floor.open(a_cart(f"{film.slug}__frame", "addon__poster", "addon__mug"))
    before = {**await floor.stock(film.slug), **await floor.stock(PLATFORM_SHELF)}

    if ending == "expired":
        assert await floor.expire(order) == 3
    else:
        late = film.deadline_at if ending == "too late" else None
        order = await floor.complete(order, at=late)
    if ending == "cancelled":
        await floor.do(hear_cancelled, cancelled(order))
    if ending == "refused":
        await floor.do(hear_refused, refused(order))

    after = {**await floor.stock(film.slug), **await floor.stock(PLATFORM_SHELF)}
    assert {name: (each.claimed, each.reserved) for name, each in before.items()} == {
        name: (0, 1) for name in ("frame", "poster", "mug")
    }
    assert {(each.claimed, each.reserved) for each in after.values()} == {(0, 0)}
    await floor.assert_units_add_up()


async def test_a_product_that_went_is_said_with_its_campaigns_tiers(floor: Floor) -> None:
    film = await floor.publish(
        tiers=(a_tier(limit_total=5),), add_ons=(a_product("poster", inventory=5),)
    )

    await floor.open(a_cart(f"{film.slug}__frame", "addon__poster"))
    said = await floor.said(StockChanged, film.slug)

    assert [each.add_ons["poster"].reserved for each in said] == [0, 1]
    assert [each.tiers["frame"].reserved for each in said] == [0, 1]


async def test_carts_that_cross_over_tiers_and_campaigns_never_deadlock(floor: Floor) -> None:
    tiers = tuple(a_tier(f"t{n}", limit_total=1_000, is_stackable=True) for n in range(4))
    one, two = await floor.publish(tiers=tiers), await floor.publish(tiers=tiers)
    ids = [f"{film.slug}__t{n}" for film in (one, two) for n in range(4)]
    hands = asyncio.Semaphore(16)

    async def buy(turn: int) -> Any:
        async with hands:
            cart = ids[turn % 8 :] + ids[: turn % 8]
            return await floor.intend(a_cart(*(cart if turn % 2 else cart[::-1])))

    bought, faults = await settled(*(buy(turn) for turn in range(50)))

    assert faults == []
    assert len(bought) == 50
    assert {each.reserved for each in (await floor.stock(one.slug)).values()} == {50}
    await floor.assert_units_add_up()


async def test_a_cart_is_reserved_whole_or_not_at_all(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier("a", limit_total=5), a_tier("b", limit_total=1)))
    await floor.intend(a_cart(f"{film.slug}__b"))

    with pytest.raises(StateRefused, match="sold_out") as no:
        await floor.intend(a_cart(f"{film.slug}__a", f"{film.slug}__b"))

    assert no.value.extra == {"campaignSlug": film.slug, "tierId": "b", "remaining": 0}
    assert (await floor.stock(film.slug))["a"].reserved == 0


async def test_more_than_are_left_says_how_many_are(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=3, is_stackable=True),))

    with pytest.raises(StateRefused) as no:
        await floor.intend(a_cart(many(f"{film.slug}__frame", 4)))

    assert no.value.extra["remaining"] == 3


async def test_the_database_itself_refuses_to_oversell(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    await floor.intend(a_cart(f"{film.slug}__frame"))

    with pytest.raises(asyncpg.CheckViolationError, match="never_oversold"):
        await floor.owner.execute("UPDATE stock SET claimed = claimed + 1")
    with pytest.raises(asyncpg.CheckViolationError, match="reserved_not_negative"):
        await floor.owner.execute("UPDATE stock SET reserved = reserved - 2")


async def test_an_expired_order_frees_its_units_once(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=2, is_stackable=True),))
    order = await floor.open(a_cart(many(f"{film.slug}__frame", 2)))

    freed = [await floor.expire(order), await floor.expire(order)]

    assert freed == [2, 0]
    assert (await floor.stock(film.slug))["frame"].reserved == 0
    assert (await floor.order(order.order_id)).status == "expired"


async def test_a_cancelled_pledge_frees_its_units_once_whatever_comes_how_often(
    floor: Floor,
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=2),))
    order = await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")))
    await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")))

    before = len(await floor.said(StockChanged, film.slug))

    for _ in range(3):
        await floor.do(hear_cancelled, cancelled(order))
        await floor.do(hear_created, created(order))

    assert len(await floor.said(StockChanged, film.slug)) == before + 1
    assert (await floor.stock(film.slug))["frame"].claimed == 1
    assert (await floor.order(order.order_id)).status == "persisted"
    await floor.assert_units_add_up()


async def test_a_pledge_the_ledger_refused_frees_its_units_and_is_too_late(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=2),))
    order = await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")))

    await floor.do(hear_refused, refused(order))
    await floor.do(hear_refused, refused(order))

    assert (await floor.stock(film.slug))["frame"].claimed == 0
    assert (await floor.order(order.order_id)).status == "too_late"


async def test_a_limit_below_what_is_held_means_sold_out_and_never_an_error(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=3),))
    first, second = [await floor.open(a_cart(f"{film.slug}__frame")) for _ in range(2)]

    smaller = msgspec.structs.replace(film, version=2, tiers=(a_tier(limit_total=1),))
    await floor.do(keep_campaign, published(smaller))
    with pytest.raises(StateRefused, match="sold_out") as no:
        await floor.intend(a_cart(f"{film.slug}__frame"))
    await floor.complete(first)
    await floor.expire(second)
    await floor.do(hear_cancelled, cancelled(first))

    assert no.value.extra["remaining"] == 0
    assert await floor.intend(a_cart(f"{film.slug}__frame"))
    with pytest.raises(StateRefused, match="sold_out"):
        await floor.intend(a_cart(f"{film.slug}__frame"))
    await floor.assert_units_add_up()


async def test_a_tier_that_gets_a_limit_counts_what_was_sold_before(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(),))
    await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")))
    await floor.open(a_cart(f"{film.slug}__frame"))

    limited = msgspec.structs.replace(film, version=2, tiers=(a_tier(limit_total=3),))
    await floor.do(keep_campaign, published(limited))
    tier = (await floor.stock(film.slug))["frame"]
    free = msgspec.structs.replace(film, version=3)
    await floor.do(keep_campaign, published(free))

    assert (tier.claimed, tier.reserved) == (1, 1)
    assert await floor.stock(film.slug) == {}
    assert await floor.intend(a_cart(f"{film.slug}__frame"))


async def test_an_older_version_and_the_same_again_change_nothing(floor: Floor) -> None:
    film = await floor.publish(version=3, tiers=(a_tier(limit_total=3),))
    before = len(await floor.said(StockChanged, film.slug))

    older = msgspec.structs.replace(film, version=2, tiers=(a_tier(limit_total=1),))
    for definition in (older, film, older):
        await floor.do(keep_campaign, published(definition))

    assert (await floor.stock(film.slug))["frame"].limit_total == 3
    assert len(await floor.said(StockChanged, film.slug)) == before


async def test_every_change_of_stock_is_said_in_order_and_in_full(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=2), a_tier("other")))

    order = await floor.open(a_cart(f"{film.slug}__frame", f"{film.slug}__other"))
    await floor.complete(order)
    await floor.do(hear_cancelled, cancelled(order))
    said = await floor.said(StockChanged, film.slug)

    assert [event.version for event in said] == [1, 2, 3, 4]
    assert [(e.tiers["frame"].reserved, e.tiers["frame"].claimed) for e in said] == [
        (0, 0),
        (1, 0),
        (0, 1),
        (0, 0),
    ]
    assert all(set(event.tiers) == {"frame"} for event in said)


async def test_a_campaign_without_limits_has_no_stock_to_speak_of(floor: Floor) -> None:
    film = await floor.publish()
    await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")))

    assert await floor.said(StockChanged, film.slug) == []


async def test_a_late_card_claims_afresh_while_units_are_left(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    order = await floor.open(a_cart(f"{film.slug}__frame"))
    await floor.expire(order)

    completed = await floor.complete(order)

    assert completed.status == "completed"
    assert (await floor.stock(film.slug))["frame"].claimed == 1
    await floor.assert_units_add_up()


async def test_a_late_card_is_refused_when_its_units_went_to_somebody_else(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1), a_tier("two", limit_total=5)))
    late = await floor.open(a_cart(f"{film.slug}__frame", f"{film.slug}__two"))
    await floor.expire(late)
    await floor.open(a_cart(f"{film.slug}__frame"))

    ended = await floor.complete(late)
    (event,) = await floor.said(CheckoutRefused, late.order_id)

    assert ended.status == "too_late"
    assert (event.reason, event.campaign, event.is_told) == ("sold_out", film.slug, False)
    assert await floor.said(CheckoutCompleted, late.order_id) == []
    assert (await floor.stock(film.slug))["two"].claimed == 0
    await floor.assert_units_add_up()


async def test_a_bundle_goes_on_without_the_campaign_that_is_refused(floor: Floor) -> None:
    ending = await floor.publish(tiers=(a_tier(limit_total=1),))
    going_on = await floor.publish(tiers=(a_tier(limit_total=1),))
    cart = a_cart(f"{ending.slug}__frame", f"{going_on.slug}__frame")
    order = await floor.open(cart)

    await floor.owner.execute(
        "UPDATE campaigns SET deadline_at = $2 WHERE slug = $1",
        ending.slug,
        await floor.now() - timedelta(hours=1),
    )
    completed = await floor.complete(order)
    (event,) = await floor.said(CheckoutCompleted, order.order_id)
    (no,) = await floor.said(CheckoutRefused, order.order_id)
    (standing,) = event.pledges
    await floor.do(hear_created, created(order, standing))

    assert completed.status == "completed"
    assert standing.pledge_id == f"{order.order_id}-{going_on.slug}"
    assert (no.campaign, no.reason, no.is_told) == (ending.slug, "deadline_passed", True)
    assert event.refused == (RefusedPart(campaign=ending.slug, reason="deadline_passed"),)
    assert (await floor.stock(ending.slug))["frame"].reserved == 0
    assert (await floor.order(order.order_id)).status == "persisted"
    await floor.assert_units_add_up()
