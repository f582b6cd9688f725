"""Ten thousand carts, priced by us and by an oracle that shares no code with us."""

import random

import pytest

from contracts.pricing import PricedPledge
from tests.checkout import oracle
from tests.checkout.generated import Maker, carrier, definitions_of, platform_of
from tests.checkout.oracle import Figures
from tests.checkout.pricing_generated import priced

WORLDS, CARTS_PER_WORLD, SEEDS = 50, 50, 4


@pytest.mark.parametrize("seed", range(SEEDS))
def test_we_and_the_oracle_agree_on_every_cent(seed: int) -> None:
    maker = Maker(random.Random(seed))
    kinds: set[str] = set()
    for _ in range(WORLDS):
        world = maker.world()
        known = (definitions_of(world), platform_of(world))
        for _ in range(CARTS_PER_WORLD):
            cart = maker.cart(world)
            ours = priced(cart, *known)

            expected = oracle.price(cart, world, carrier)

            assert {pledge.campaign: told(pledge) for pledge in ours} == expected, (cart, world)
            kinds |= {pledge.price.shipping_source for pledge in ours}
    assert kinds == {"none", "free", "table", "usps", "fallback", "mixed"}


def told(pledge: PricedPledge) -> Figures:
    found = pledge.price
    return {
        "subtotal": found.subtotal_cents,
        "shipping": found.shipping_cents,
        "tax": found.tax_cents,
        "tip": found.tip_cents,
        "goal": found.goal_cents,
        "amount": found.total_cents,
    }
