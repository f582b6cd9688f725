"""What a parcel weighs and measures."""

from typing import Any

import pytest

from contracts.campaign import AddOn, Package
from contracts.money import Cents
from contracts.presets import PRESETS
from services.checkout.domain.parcels import Parcel, loads_of
from tests.checkout.goods import SHIRT, a_film, a_line, a_platform
from tests.checkout.samples import a_tier

BOX = Package(
    weight_oz="10",
    length_in="9",
    width_in="6",
    height_in="2",
    packaging_weight_oz="1.5",
    stack_height_in="0.5",
)
TUBE = Package(weight_oz="3.25", length_in="25", width_in="3", height_in="3")


def parcel(*chosen: tuple[str, int], **facts: Any) -> Parcel | None:
    """Return the one parcel of some boxes, tubes and presets."""
    tiers = [
        a_tier("box", category="physical", package=BOX),
        a_tier("tube", category="physical", package=TUBE),
        a_tier("odd", category="physical", shipping_preset="of another age"),
        *(a_tier(name, category="physical", shipping_preset=name) for name in PRESETS),
    ]
    lines = [a_line(name, quantity=quantity, is_physical=True) for name, quantity in chosen]
    (load,) = loads_of(lines, definition=a_film(tiers=tuple(tiers), **facts), platform=a_platform())
    return load.parcel


def sides(found: Parcel | None) -> tuple[str, str, str, str]:
    assert found is not None
    return found.pounds, found.length_in, found.width_in, found.height_in


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        # (10 + 1.5) / 16
        pytest.param([("box", 1)], ("0.7188", "9", "6", "2"), id="one"),
        # (3 × 10 + 1.5) / 16, its packaging once; 2 + 2 × 0.5 high
        pytest.param([("box", 3)], ("1.9688", "9", "6", "3"), id="three stack up"),
        # (10 + 1.5 + 2 × 3.25) / 16; the longest and the widest; 2 + 3 + 0
        pytest.param([("box", 1), ("tube", 2)], ("1.125", "25", "6", "5"), id="two kinds"),
        pytest.param([("sticker", 1)], ("0.0625", "6", "4", "0.1"), id="an ounce at least"),
        pytest.param([("tshirt", 2)], ("0.8125", "12", "10", "1.75"), id="by preset"),
    ],
)
def test_a_parcel_adds_weight_and_height_and_takes_the_largest_sides(
    chosen: list[tuple[str, int]], expected: tuple[str, str, str, str]
) -> None:
    assert sides(parcel(*chosen)) == expected


def test_one_thing_nobody_can_weigh_makes_the_parcel_unknown() -> None:
    assert parcel(("box", 1), ("odd", 1)) is None


def test_a_campaigns_own_add_on_is_found_by_whom_it_counts_for() -> None:
    heavy = AddOn(product_id="shirt", name="Mail", price_cents=Cents(1), package=BOX)
    own = a_line("shirt", kind="add_on", is_physical=True)
    theirs = a_line("shirt", kind="add_on", is_physical=True, counts_toward_goal=False)

    loads = loads_of(
        [own, theirs],
        definition=a_film(add_ons=(heavy,)),
        platform=a_platform(add_ons=(SHIRT,)),
    )

    assert [(load.scope, sides(load.parcel)[0]) for load in loads] == [
        ("campaign", "0.7188"),
        ("platform", "0.4375"),
    ]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_parcel_the_carrier_would_take(name: str) -> None:
    pounds, *measures = sides(parcel((name, 1)))

    length, width, height = sorted((float(each) for each in measures), reverse=True)
    assert 0.0625 <= float(pounds) < 70
    assert length + 2 * (width + height) <= 108
