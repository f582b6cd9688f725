"""What holds for every price, whatever is in the cart."""

import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from contracts.pricing import PriceBreakdown, PricedPledge
from services.checkout.domain.pricing import total_of
from services.checkout.domain.quotes import quote_of
from tests.checkout.generated import Maker, definitions_of, platform_of
from tests.checkout.oracle import Data
from tests.checkout.pricing_generated import priced

CHANCE = st.integers(0, 2**32 - 1).map(random.Random)
HALF = Fraction(1, 2)


def a_cart(chance: random.Random, **platform: object) -> tuple[Data, Data]:
    maker = Maker(chance)
    world = maker.world()
    world["platform"] |= platform
    return maker.cart(world), world


def prices(cart: Data, world: Data) -> list[PricedPledge]:
    return list(priced(cart, definitions_of(world), platform_of(world)))


def parts(price: PriceBreakdown) -> list[int]:
    return [price.subtotal_cents, price.shipping_cents, price.tax_cents, price.tip_cents]


@given(CHANCE)
def test_the_parts_add_up_and_none_is_negative(chance: random.Random) -> None:
    pledges = prices(*a_cart(chance))

    for pledge in pledges:
        found = pledge.price
        assert sum(parts(found)) == found.total_cents
        assert min(parts(found)) >= 0
        assert 0 <= found.goal_cents <= found.subtotal_cents
        assert sum(each.cents for each in found.shipments) == found.shipping_cents
    assert total_of(pledges).total_cents == sum(each.price.total_cents for each in pledges)


@given(CHANCE)
def test_every_cent_has_a_reason(chance: random.Random) -> None:
    for pledge in prices(*a_cart(chance)):
        found = pledge.price
        told: dict[str, int] = {}
        for why in found.why:
            told[why.figure] = told.get(why.figure, 0) + int(why.inputs["cents"])

        assert told == {
            "subtotal": found.subtotal_cents,
            "shipping": found.shipping_cents,
            "tax": found.tax_cents,
            "tip": found.tip_cents,
            "amount": found.total_cents,
        }


@given(CHANCE)
def test_the_order_of_a_cart_changes_no_figure(chance: random.Random) -> None:
    cart, world = a_cart(chance)
    shuffled = {**cart, "items": chance.sample(cart["items"], len(cart["items"]))}

    before, after = prices(cart, world), prices(shuffled, world)

    assert [(each.campaign, each.price) for each in before] == [
        (each.campaign, each.price) for each in after
    ]


@given(CHANCE)
def test_more_of_something_never_costs_less(chance: random.Random) -> None:
    # Without the carrier, which may refuse what is heavy and leave the flat rate.
    cart, world = a_cart(chance, carrier=False)
    for campaign in world["campaigns"].values():
        for tier in campaign["tiers"]:
            tier["is_stackable"] = True
    one = chance.choice(cart["items"])
    more = [
        {**item, "quantity": item["quantity"] + 1} if item is one and "quantity" in item else item
        for item in cart["items"]
    ]

    before, after = prices(cart, world), prices({**cart, "items": more}, world)

    for fewer, greater in zip(before, after, strict=True):
        for less, no_less in zip(parts(fewer.price), parts(greater.price), strict=True):
            assert less <= no_less


@given(CHANCE)
def test_a_larger_tip_changes_the_tip_alone(chance: random.Random) -> None:
    cart, world = a_cart(chance)

    before, after = prices({**cart, "tip": 3}, world), prices({**cart, "tip": 15}, world)

    for small, large in zip(before, after, strict=True):
        assert parts(small.price)[:3] == parts(large.price)[:3]
        assert small.price.tip_cents <= large.price.tip_cents


@given(CHANCE)
def test_rounding_moves_tax_and_tip_by_half_a_cent_each_and_campaign(
    chance: random.Random,
) -> None:
    for pledge in prices(*a_cart(chance)):
        found = pledge.price
        details = found.tax_details
        assert details is not None
        base = details.taxable_subtotal_cents + details.taxable_shipping_cents
        tax = base * Fraction(details.rate)
        tip = Fraction(found.subtotal_cents * found.tip_percent, 100)

        assert -HALF < found.tax_cents - tax <= HALF
        assert -HALF < found.tip_cents - tip <= HALF


@given(CHANCE)
def test_campaigns_cost_together_what_each_costs_alone(chance: random.Random) -> None:
    cart, world = a_cart(chance)
    products = [each for each in cart["items"] if each["id"].startswith("addon__")]
    cart = {**cart, "items": [each for each in cart["items"] if each not in products]}

    together = prices(cart, world)

    alone = [
        prices(
            {**cart, "items": [i for i in cart["items"] if i["id"].startswith(f"{slug}__")]}, world
        )[0]
        for slug in (pledge.campaign for pledge in together)
    ]
    assert [each.price for each in together] == [each.price for each in alone]


@given(CHANCE)
def test_a_quote_shows_what_is_charged_and_its_options_are_priced(chance: random.Random) -> None:
    pledges = prices(*a_cart(chance))

    quote = quote_of(pledges)

    assert quote.totals.amount == sum(each.price.total_cents for each in pledges)
    selected = [option for option in quote.shipping_options if option.selected]
    if quote.shipping_options:
        assert [option.amount for option in selected] == [quote.totals.shipping]
    standard = [option for option in quote.shipping_options if option.id == "standard"]
    for option in quote.shipping_options:
        assert option.amount == standard[0].amount + option.surcharge
