"""Proposed revisions of a pledge: held once, then claimed or freed, whatever comes how often."""

import itertools
import random
from typing import Any

import msgspec
import pytest

from contracts.campaign import CarrierRules, Package
from contracts.events.checkout import AddOnStockChanged, StockChanged, StockLevel
from contracts.pricing import Address, LineKind
from contracts.quoting import QuoteAnswer, RevisionQuoted, RevisionRefused, WantedLine
from services.chassis.process.settings import Secret
from services.checkout.domain.orders import Order
from services.checkout.domain.stock import PLATFORM_SHELF
from services.checkout.handlers.hear_pledges import hear_cancelled, hear_created, hear_refused
from services.checkout.handlers.hear_revisions import hear_abandoned, hear_modified
from services.checkout.handlers.keep_definitions import keep_platform
from services.checkout.usps_gateway import USPSGateway
from tests.checkout.floor import Floor, settled
from tests.checkout.samples import (
    a_cart,
    a_platform,
    a_product,
    a_tier,
    abandoned,
    cancelled,
    created,
    modified,
    platform_published,
    refused,
)
from tests.checkout.sandbox import Sandbox


def want(item_id: str, quantity: int = 1, kind: LineKind = "tier", **more: Any) -> WantedLine:
    return WantedLine(kind=kind, item_id=item_id, quantity=quantity, **more)


async def a_pledge(floor: Floor, *items: str, **limits: int) -> Order:
    """Return a completed order of one of each tier named; every tier is limited to ten."""
    tiers = tuple(
        a_tier(name, limit_total=limits.get(name, 10), is_stackable=True) for name in "ab"
    )
    film = await floor.publish(tiers=tiers)
    cart = a_cart(*(f"{film.slug}__{name}" for name in items or ("a",)))
    return await floor.complete(await floor.open(cart))


async def held(floor: Floor, order: Order) -> dict[str, tuple[int, int]]:
    """Return claimed and reserved of each tier in the order's campaign."""
    levels = await floor.stock(order.pledges[0].campaign)
    return {name: (each.claimed, each.reserved) for name, each in levels.items()}


async def test_a_proposal_reserves_what_it_adds_and_a_commit_claims_it(floor: Floor) -> None:
    order = await a_pledge(floor)

    priced = await floor.quoted(order, want("a", 3), want("b"))
    proposed = await held(floor, order)
    await floor.do(hear_modified, modified(order, priced))

    assert (priced.price.subtotal_cents, priced.pledge_id) == (20_000, order.order_id)
    assert proposed == {"a": (1, 2), "b": (0, 1)}
    assert await held(floor, order) == {"a": (3, 0), "b": (1, 0)}
    await floor.assert_units_add_up()


async def test_what_a_revision_gives_up_is_free_when_it_is_committed_and_not_before(
    floor: Floor,
) -> None:
    order = await a_pledge(floor, "a", "b")

    priced = await floor.quoted(order, want("a"))
    proposed = await held(floor, order)
    await floor.do(hear_modified, modified(order, priced))

    assert proposed == {"a": (1, 0), "b": (1, 0)}
    assert await held(floor, order) == {"a": (1, 0), "b": (0, 0)}


async def test_the_same_question_gets_the_same_answer_and_holds_nothing_more(floor: Floor) -> None:
    order = await a_pledge(floor)

    async def answered() -> QuoteAnswer:
        """Ask until we are not told to come again, as the ledger does while we are busy."""
        while True:
            found = await floor.ask(order, want("a", 4))
            if not (isinstance(found, RevisionRefused) and found.reason == "busy"):
                return found

    answers, faults = await settled(*(answered() for _ in range(6)))
    other = await floor.ask(order, want("a", 5))

    assert faults == []
    assert all(each == answers[0] for each in answers)
    assert isinstance(answers[0], RevisionQuoted)
    assert isinstance(other, RevisionRefused)
    assert (other.status, other.reason) == (409, "conflict")
    assert await held(floor, order) == {"a": (1, 3), "b": (0, 0)}


async def test_an_abandoned_proposal_frees_what_it_held_and_can_never_hold_again(
    floor: Floor,
) -> None:
    order = await a_pledge(floor)
    await floor.quoted(order, want("a", 4))

    for _ in range(2):
        await floor.do(hear_abandoned, abandoned(order))
    again = await floor.ask(order, want("a", 4))
    # News that is faster than the question it is about.
    await floor.do(hear_abandoned, abandoned(order, proposal=2))
    late = await floor.ask(order, want("a", 4), proposal=2)

    for found in (again, late):
        assert isinstance(found, RevisionRefused)
        assert found.reason == "conflict"
    assert await held(floor, order) == {"a": (1, 0), "b": (0, 0)}


async def test_the_next_try_takes_over_what_the_last_one_held(floor: Floor) -> None:
    order = await a_pledge(floor, a=3)
    await floor.quoted(order, want("a", 3))

    again = await floor.quoted(order, want("a", 3), proposal=2)
    await floor.do(hear_abandoned, abandoned(order, proposal=1))
    between = await held(floor, order)
    await floor.do(hear_modified, modified(order, again, proposal=2))

    assert between["a"] == (1, 2)
    assert (await held(floor, order))["a"] == (3, 0)
    await floor.assert_units_add_up()


async def test_more_than_are_left_is_refused_with_how_many_and_holds_nothing(floor: Floor) -> None:
    order = await a_pledge(floor, b=2)

    found = await floor.ask(order, want("a", 2), want("b", 3))
    enough = await floor.ask(order, want("a", 2), want("b", 2))

    assert isinstance(found, RevisionRefused)
    assert (found.status, found.reason, found.extra["remaining"]) == (409, "sold_out", 2)
    assert isinstance(enough, RevisionQuoted)
    assert await held(floor, order) == {"a": (1, 1), "b": (0, 2)}


async def test_ones_own_units_are_not_asked_for_again_when_nothing_is_left(floor: Floor) -> None:
    order = await a_pledge(floor, a=1)

    priced = await floor.quoted(order, want("a"), want("b"))

    assert [line.item_id for line in priced.lines] == ["a", "b"]
    assert (await held(floor, order))["a"] == (1, 0)


@pytest.mark.parametrize("seed", range(6))
async def test_news_in_any_order_and_any_number_ends_the_same(floor: Floor, seed: int) -> None:
    order = await a_pledge(floor, "a", "b")
    second = await floor.quoted(order, want("a", 4))
    third = await floor.quoted(
        order, want("a", 2), want("b", 2), current=second.lines, revision=3, proposal=2
    )
    news = [
        (hear_created, created(order)),
        (hear_modified, modified(order, second)),
        (hear_abandoned, abandoned(order, revision=3, proposal=1)),
        (hear_modified, modified(order, third, revision=3, proposal=2)),
    ]
    shuffled = news * 3
    random.Random(seed).shuffle(shuffled)

    for handler, event in shuffled:
        await floor.do(handler, event)

    assert await held(floor, order) == {"a": (2, 0), "b": (2, 0)}
    assert (await floor.order(order.order_id)).status == "persisted"
    await floor.assert_units_add_up()


async def test_a_cancelled_pledge_holds_nothing_of_any_revision(floor: Floor) -> None:
    order = await a_pledge(floor)
    second = await floor.quoted(order, want("a", 3))
    third = await floor.quoted(order, want("a", 5), current=second.lines, revision=3)

    events = [
        (hear_modified, modified(order, second)),
        (hear_cancelled, cancelled(order, second, revision=3)),
        (hear_modified, modified(order, third, revision=3)),
        (hear_abandoned, abandoned(order, revision=3)),
    ]
    for turn in itertools.permutations(events):
        for handler, event in turn:
            await floor.do(handler, event)
        assert await held(floor, order) == {"a": (0, 0), "b": (0, 0)}
    found = await floor.ask(order, want("a"), revision=4)

    assert isinstance(found, RevisionRefused)
    assert found.reason == "pledge_cancelled"


async def test_what_the_ledger_committed_is_claimed_even_if_nobody_held_it(floor: Floor) -> None:
    order = await a_pledge(floor, a=2)
    priced = await floor.quoted(order, want("a", 2))
    await floor.do(hear_abandoned, abandoned(order))
    film = order.pledges[0].campaign
    await floor.open(a_cart(f"{film}__a"))

    await floor.do(hear_modified, modified(order, priced))

    assert (await floor.stock(film))["a"] == StockLevel(limit_total=2, claimed=2, reserved=1)
    await floor.assert_units_add_up()


async def test_a_product_of_the_platform_is_held_for_everybody(floor: Floor) -> None:
    await floor.sell(a_product("mug", inventory=3))
    one, two = [await a_pledge(floor) for _ in range(2)]

    priced = await floor.quoted(one, want("a"), want("mug", 2, "add_on"))
    found = await floor.ask(two, want("a"), want("mug", 2, "add_on"))
    await floor.do(hear_modified, modified(one, priced))

    assert isinstance(found, RevisionRefused)
    assert (found.reason, found.extra["remaining"]) == ("sold_out", 1)
    assert await floor.stock(PLATFORM_SHELF) == {
        "mug": StockLevel(limit_total=3, claimed=2, reserved=0)
    }
    assert priced.price.goal_cents == 5_000
    said = await floor.said(AddOnStockChanged, PLATFORM_SHELF)
    assert [each.version for each in said] == list(range(1, len(said) + 1))
    assert said[-1].add_ons["mug"].claimed == 2


async def test_every_change_is_said(floor: Floor) -> None:
    order = await a_pledge(floor)
    film = order.pledges[0].campaign
    before = len(await floor.said(StockChanged, film))

    priced = await floor.quoted(order, want("a", 2))
    await floor.do(hear_modified, modified(order, priced))
    await floor.do(hear_modified, modified(order, priced))
    said = [each.tiers["a"] for each in (await floor.said(StockChanged, film))[before:]]

    assert [(each.claimed, each.reserved) for each in said] == [(1, 1), (2, 0)]


async def test_another_price_than_the_person_saw_holds_nothing(floor: Floor) -> None:
    order = await a_pledge(floor)

    found = await floor.ask(order, want("a", 2), expected_cents=1)

    assert isinstance(found, RevisionRefused)
    assert (found.status, found.reason) == (409, "price_changed")
    assert await held(floor, order) == {"a": (1, 0), "b": (0, 0)}


async def test_a_pledge_nobody_has_is_refused(floor: Floor) -> None:
    order = await a_pledge(floor)
    film = order.pledges[0].campaign
    still_open = await floor.open(a_cart(f"{film}__a"))
    gone = await floor.complete(await floor.open(a_cart(f"{film}__a")))
    await floor.do(hear_refused, refused(gone))

    for each in (still_open, gone):
        found = await floor.ask(each, want("a", 2))
        assert isinstance(found, RevisionRefused)
        assert (found.status, found.reason) == (404, "pledge_not_found")


async def test_a_tip_outside_of_what_is_allowed_is_refused_by_its_field(floor: Floor) -> None:
    order = await a_pledge(floor)

    found = await floor.ask(order, want("a"), tip_percent=16)

    assert isinstance(found, RevisionRefused)
    assert (found.status, list(found.fields)) == (400, ["tipPercent"])


HOME = Address(name="Noor", address1="1 Main St", postal_code="87101", country="US")
SMALL = Package(weight_oz="8", length_in="12", width_in="10", height_in="1")


async def test_what_is_posted_needs_an_address_and_costs_its_postage(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier("a"), a_tier("print", category="physical")))
    order = await floor.complete(await floor.open(a_cart(f"{film.slug}__a")))

    nowhere = await floor.ask(order, want("a"), want("print"))
    abroad = msgspec.structs.replace(HOME, country="KP")
    unserved = await floor.ask(order, want("a"), want("print"), shipping_address=abroad)
    priced = await floor.quoted(order, want("a"), want("print"), shipping_address=HOME)

    assert isinstance(nowhere, RevisionRefused)
    assert (nowhere.status, list(nowhere.fields)) == (400, ["shippingAddress"])
    assert isinstance(unserved, RevisionRefused)
    assert list(unserved.fields) == ["shippingAddress.country"]
    assert (priced.price.shipping_cents, priced.price.total_cents) == (300, 11_588)


async def test_the_carrier_is_asked_before_the_revision_is_held(
    floor: Floor, sandbox: Sandbox
) -> None:
    await floor.do(
        keep_platform, platform_published(a_platform(carrier=CarrierRules(is_enabled=True)))
    )
    film = await floor.publish(
        tiers=(a_tier("a"), a_tier("print", category="physical", package=SMALL))
    )
    order = await floor.complete(await floor.open(a_cart(f"{film.slug}__a")))
    floor.carrier = USPSGateway("usps_sandbox", Secret("usps_sandbox_secret"), api_base=sandbox.url)

    first = await floor.quoted(order, want("a"), want("print"), shipping_address=HOME)
    again = await floor.quoted(order, want("a"), want("print"), shipping_address=HOME)
    await floor.carrier.close()

    assert (first.price.shipping_cents, first.price.shipping_source) == (545, "usps")
    assert again == first
