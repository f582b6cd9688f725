"""An operator's hand on the stock: what it may change, for how long, and what is noted of it."""

from typing import Any

import msgspec
import pytest

from contracts.campaign import AddOnVariant
from contracts.events.checkout import AddOnStockChanged, StockChanged
from contracts.refusals import Refusal, StateRefused
from services.checkout.domain.answers import Left, StockChange
from services.checkout.domain.bodies import STOCK_MAX, StockBody
from services.checkout.domain.stock import PLATFORM_SHELF
from services.checkout.handlers.change_stock import change_stock
from services.checkout.handlers.hear_pledges import hear_charged, hear_created
from services.checkout.handlers.keep_definitions import keep_campaign
from services.checkout.handlers.recount_stock import recount_stock
from tests.checkout.floor import Floor, settled
from tests.checkout.samples import a_cart, a_product, a_tier, charged, created, published

SIZES = (
    AddOnVariant(variant_id="s", label="S", inventory=2),
    AddOnVariant(variant_id="m", label="M"),
)


async def change(floor: Floor, **facts: Any) -> StockChange:
    changed: StockChange = await floor.do(change_stock, StockBody(**facts))
    return changed


async def test_a_tier_is_set_restocked_and_reset(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=2),))
    tier = {"campaign_slug": film.slug, "tier_id": "frame"}
    await floor.open(a_cart(f"{film.slug}__frame"))

    down = await change(floor, action="set", quantity=0, **tier)
    up = await change(floor, action="restock", quantity=5, **tier)
    back = await change(floor, action="reset", **tier)

    assert down.before == Left(limit=2, claimed=0, reserved=1, remaining=1)
    assert down.after == Left(limit=0, claimed=0, reserved=1, remaining=0)
    assert up.after == Left(limit=5, claimed=0, reserved=1, remaining=4)
    assert back.after == Left(limit=2, claimed=0, reserved=1, remaining=1)
    await floor.assert_units_add_up()


async def test_what_was_set_by_hand_outlives_later_definitions_until_it_is_reset(
    floor: Floor,
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=2),))
    tier = {"campaign_slug": film.slug, "tier_id": "frame"}
    await change(floor, action="set", quantity=9, **tier)

    later = msgspec.structs.replace(film, version=2, tiers=(a_tier(limit_total=4),))
    await floor.do(keep_campaign, published(later))
    by_hand = (await floor.stock(film.slug))["frame"].limit_total
    await change(floor, action="reset", **tier)

    assert by_hand == 9
    assert (await floor.stock(film.slug))["frame"].limit_total == 4


async def test_what_has_no_limit_can_be_given_one_and_counts_what_was_sold(floor: Floor) -> None:
    film = await floor.publish(add_ons=(a_product("shirt", variants=SIZES),))
    thing = {"campaign_slug": film.slug, "product_id": "shirt", "variant_id": "m"}
    cart = a_cart(f"{film.slug}__frame", "addon__shirt__variant__m")
    await floor.complete(await floor.open(cart))

    with pytest.raises(StateRefused, match="unlimited"):
        await change(floor, action="restock", quantity=1, **thing)
    limited = await change(floor, action="set", quantity=1, **thing)
    with pytest.raises(StateRefused, match="sold_out") as no:
        await floor.intend(cart)
    free = await change(floor, action="reset", **thing)

    assert (limited.before, limited.after) == (
        None,
        Left(limit=1, claimed=1, reserved=0, remaining=0),
    )
    assert no.value.extra == {
        "campaignSlug": film.slug,
        "productId": "shirt",
        "variantId": "m",
        "remaining": 0,
    }
    assert free.after is None


async def test_the_platforms_own_product_is_changed_for_everybody_and_everybody_is_told(
    floor: Floor,
) -> None:
    await floor.sell(a_product("mug", inventory=3))

    changed = await change(floor, action="restock", product_id="mug", quantity=4)

    assert changed.after == Left(limit=7, claimed=0, reserved=0, remaining=7)
    (*_, said) = await floor.said(AddOnStockChanged, PLATFORM_SHELF)
    assert said.add_ons["mug"].limit_total == 7


async def test_what_was_done_is_noted_with_who_and_before_and_after(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=2),))

    await change(
        floor, action="set", quantity=3, campaign_slug=film.slug, tier_id="frame", by="Inés"
    )
    noted = await floor.owner.fetch("SELECT action, done_by, details FROM operator_actions")

    assert [(each["action"], each["done_by"]) for each in noted] == [("stock set", "Inés")]
    details = msgspec.json.decode(noted[0]["details"])
    assert (details["before"]["limit_total"], details["after"]["limit_total"]) == (2, 3)
    assert (details["shelf"], details["item_id"]) == (film.slug, "frame")


async def test_of_two_who_saw_the_same_limit_one_changes_it(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=2),))
    wish = {
        "action": "restock",
        "quantity": 5,
        "expected_limit": 2,
        "campaign_slug": film.slug,
        "tier_id": "frame",
    }

    done, turned_away = await settled(change(floor, **wish), change(floor, **wish))

    assert [each.after.limit for each in done] == [7]
    assert [getattr(each, "reason", each) for each in turned_away] == ["conflict"]


async def test_changes_and_buyers_at_once_leave_units_that_add_up(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=5),))
    tier = {"campaign_slug": film.slug, "tier_id": "frame"}

    buyers = (floor.intend(a_cart(f"{film.slug}__frame")) for _ in range(20))
    changes = (change(floor, action="restock", quantity=1, **tier) for _ in range(5))
    done, turned_away = await settled(*buyers, *changes)

    assert {getattr(each, "reason", each) for each in turned_away} <= {"sold_out"}
    level = (await floor.stock(film.slug))["frame"]
    assert level.limit_total == 10
    assert level.reserved == len([each for each in done if not isinstance(each, StockChange)])
    await floor.assert_units_add_up()
    said = await floor.said(StockChanged, film.slug)
    assert said[-1].tiers["frame"] == level


@pytest.mark.parametrize(
    ("facts", "status", "field"),
    [
        pytest.param({"action": "set"}, 400, "quantity", id="how many?"),
        pytest.param({"action": "restock", "quantity": 0}, 400, "quantity", id="none more"),
        pytest.param({"action": "reset", "quantity": 1}, 400, "quantity", id="reset to what?"),
        pytest.param(
            {"action": "restock", "quantity": STOCK_MAX}, 400, "quantity", id="more than there are"
        ),
        pytest.param({"action": "reset", "product_id": "x"}, 400, "tierId", id="which of both?"),
        pytest.param({"action": "reset", "tier_id": None}, 400, "tierId", id="of what?"),
        pytest.param(
            {"action": "reset", "campaign_slug": None}, 400, "campaignSlug", id="whose tier?"
        ),
        pytest.param({"action": "reset", "campaign_slug": "nope"}, 404, "", id="no such campaign"),
        pytest.param({"action": "reset", "campaign_slug": "../x"}, 404, "", id="no slug"),
        pytest.param({"action": "reset", "tier_id": "nope"}, 404, "", id="no such tier"),
        pytest.param({"action": "reset", "variant_id": "s"}, 404, "", id="a tier in a size"),
    ],
)
async def test_what_cannot_be_changed_is_refused_and_not_noted(
    floor: Floor, facts: dict[str, Any], status: int, field: str
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=2),))

    with pytest.raises(Refusal) as refused:
        await change(floor, **{"campaign_slug": film.slug, "tier_id": "frame", **facts})

    assert refused.value.status == status
    assert list(refused.value.fields) == ([field] if field else [])
    assert await floor.owner.fetchval("SELECT count(*) FROM operator_actions") == 0


async def test_a_wrong_count_is_set_to_what_orders_hold_and_a_right_one_is_left(
    floor: Floor,
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=5),))
    await floor.open(a_cart(f"{film.slug}__frame"))
    right = await floor.do(recount_stock, film.slug)
    await floor.pool.execute("UPDATE stock SET claimed = 3 WHERE shelf = $1", film.slug)

    repaired = await floor.do(recount_stock, film.slug)
    again = await floor.do(recount_stock, film.slug)

    assert (right.corrected, repaired.corrected, again.corrected) == (False, True, False)
    assert repaired.tiers["frame"] == Left(limit=5, claimed=0, reserved=1, remaining=4)
    assert (repaired.version, again.version) == (right.version + 1, right.version + 1)
    noted = await floor.pool.fetchval(
        "SELECT details -> 'before' -> 'tiers' -> 'frame' ->> 'claimed'"
        " FROM operator_actions WHERE action = 'stock recount'"
    )
    assert noted == "3"
    await floor.assert_units_add_up()


async def test_what_was_charged_is_still_taken_when_it_is_counted_anew(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=5),))
    order = await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")))
    await floor.do(hear_created, created(order))
    await floor.do(hear_charged, charged(order))

    counted = await floor.do(recount_stock, film.slug)

    assert counted.tiers["frame"] == Left(limit=5, claimed=1, reserved=0, remaining=4)


@pytest.mark.parametrize(("slug", "status"), [("no-such-film", 404), ("NO", 400)])
async def test_only_a_campaign_is_recounted(floor: Floor, slug: str, status: int) -> None:
    with pytest.raises(Refusal) as refused:
        await floor.do(recount_stock, slug)

    assert refused.value.status == status
