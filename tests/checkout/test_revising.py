"""A pledge as it shall be: what stays, what is added, at which price, and what is refused."""

from typing import Any

import msgspec
import pytest

from contracts.campaign import AddOn, AddOnVariant, PlatformDefinition, SupportItem, TierField
from contracts.money import Cents
from contracts.pricing import LineKind, PricedLine
from contracts.quoting import WantedLine
from contracts.refusals import InputRefused, Refusal, StateRefused
from services.checkout.domain.cart import KnownCampaign
from services.checkout.domain.revising import revised
from tests.checkout.samples import a_campaign, a_tier

TOTE = AddOn(product_id="tote", name="Tote bag", price_cents=Cents(1_500))
SHIRT = AddOn(
    product_id="shirt",
    name="Shirt",
    price_cents=Cents(2_500),
    variants=(AddOnVariant(variant_id="s", label="S"), AddOnVariant(variant_id="m", label="M")),
)
PLATFORM = PlatformDefinition(version=1, add_ons_enabled=True, add_ons=(TOTE,))
FILM = a_campaign(
    "film",
    tiers=(
        a_tier("frame", price_cents=Cents(6_000), is_stackable=True),
        a_tier("once"),
        a_tier("gone", is_sold_out=True, is_stackable=True),
        a_tier("late", requires_threshold_cents=Cents(10_000), is_stackable=True),
        a_tier("asks", fields=(TierField(name="Name", is_required=True),), is_stackable=True),
    ),
    support_items=(SupportItem(item_id="sound", label="Sound", target_cents=Cents(50_000)),),
    add_ons=(SHIRT,),
)


def want(item_id: str, quantity: int = 1, kind: LineKind = "tier", **more: Any) -> WantedLine:
    return WantedLine(kind=kind, item_id=item_id, quantity=quantity, **more)


def had(item_id: str, quantity: int = 1, unit: int = 5_000, **more: Any) -> PricedLine:
    facts: dict[str, Any] = {"kind": "tier", "label": f"Old {item_id}", **more}
    return PricedLine(
        item_id=item_id,
        quantity=quantity,
        unit_cents=Cents(unit),
        total_cents=Cents(unit * quantity),
        **facts,
    )


def after(
    current: list[PricedLine], wanted: list[WantedLine], **facts: Any
) -> list[tuple[str, int, int]]:
    """Return what the revision contains: item, how many, at which price each."""
    lines = _revised(current, wanted, **facts)
    return [(line.item_id, line.quantity, line.unit_cents) for line in lines]


def _revised(
    current: list[PricedLine],
    wanted: list[WantedLine],
    platform: PlatformDefinition = PLATFORM,
    **facts: Any,
) -> tuple[PricedLine, ...]:
    given = {"definition": FILM, "is_drained": False, "pledged_cents": 0, **facts}
    known = KnownCampaign(**{"now": FILM.starts_at, **given})
    return revised(known, platform, current=current, wanted=wanted)


@pytest.mark.parametrize(
    ("current", "wanted", "result"),
    [
        pytest.param(
            [had("frame")], [want("frame")], [("frame", 1, 5_000)], id="what stays keeps its price"
        ),
        pytest.param(
            [had("frame")],
            [want("frame", 3)],
            [("frame", 1, 5_000), ("frame", 2, 6_000)],
            id="what is added costs today's",
        ),
        pytest.param(
            [had("frame", unit=6_000)],
            [want("frame", 3)],
            [("frame", 3, 6_000)],
            id="one line at one price",
        ),
        pytest.param(
            [had("frame"), had("frame", 2, 6_000)],
            [want("frame", 2)],
            [("frame", 1, 5_000), ("frame", 1, 6_000)],
            id="what came last goes first",
        ),
        pytest.param(
            [had("frame"), had("frame", 2, 6_000)],
            [want("frame", 4)],
            [("frame", 1, 5_000), ("frame", 3, 6_000)],
            id="more of what came last",
        ),
        pytest.param([had("frame")], [want("once")], [("once", 1, 5_000)], id="another tier"),
        pytest.param(
            [had("removed")],
            [want("removed")],
            [("removed", 1, 5_000)],
            id="its author took it away",
        ),
        pytest.param(
            [had("gone", 3), had("late", 3)],
            [want("gone", 2), want("late", 3)],
            [("gone", 2, 5_000), ("late", 3, 5_000)],
            id="closed and locked tiers stay",
        ),
        pytest.param(
            [],
            [
                want("sound", kind="support_item", amount_cents=Cents(700)),
                want("x", kind="custom_amount", amount_cents=Cents(900)),
            ],
            [("sound", 1, 700), ("custom-support", 1, 900)],
            id="money has no old price",
        ),
        pytest.param(
            [had("old-need", unit=900, kind="support_item")],
            [want("old-need", kind="support_item", amount_cents=Cents(400))],
            [("old-need", 1, 400)],
            id="a part of the budget that is gone can be given less",
        ),
        pytest.param(
            [had("frame")],
            [want("frame"), want("sound", kind="support_item", amount_cents=Cents(0))],
            [("frame", 1, 5_000)],
            id="nothing for it is no line",
        ),
    ],
)
def test_what_a_revision_contains_and_at_which_price(
    current: list[PricedLine], wanted: list[WantedLine], result: list[tuple[str, int, int]]
) -> None:
    assert after(current, wanted) == result


def test_add_ons_keep_their_price_by_variant_and_whose_they_are() -> None:
    shirt = had("shirt", unit=2_000, kind="add_on", variant_id="s")
    tote = had("tote", unit=1_000, kind="add_on", counts_toward_goal=False)
    kept = [
        want("frame"),
        want("shirt", kind="add_on", variant_id="s"),
        want("tote", kind="add_on"),
    ]
    other = [want("frame"), want("shirt", kind="add_on", variant_id="m"), want("tote", 2, "add_on")]

    same = _revised([had("frame"), shirt, tote], kept)
    changed = _revised([had("frame"), shirt, tote], other)

    assert [(line.unit_cents, line.counts_toward_goal) for line in same[1:]] == [
        (2_000, True),
        (1_000, False),
    ]
    assert [(line.variant_id, line.quantity, line.unit_cents) for line in changed[1:]] == [
        ("m", 1, 2_500),
        (None, 1, 1_000),
        (None, 1, 1_500),
    ]


def test_what_the_platform_switched_off_stays_and_cannot_be_added() -> None:
    off = msgspec.structs.replace(PLATFORM, add_ons_enabled=False)
    tote = had("tote", unit=1_000, kind="add_on", counts_toward_goal=False)

    assert after([had("frame"), tote], [want("frame"), want("tote", kind="add_on")], platform=off)
    with pytest.raises(InputRefused, match="unknown_item"):
        after([had("frame"), tote], [want("frame"), want("tote", 2, "add_on")], platform=off)


def test_answers_stay_and_may_be_changed() -> None:
    asked = had("asks", answers={"Name": "Noor"})

    (stays,) = _revised([asked], [want("asks")])
    (more, _) = _revised([asked, had("asks", unit=1)], [want("asks", 2)])
    (changed,) = _revised([asked], [want("asks", answers={"Name": "Zoë"})])

    assert stays.answers == more.answers == {"Name": "Noor"}
    assert changed.answers == {"Name": "Zoë"}


SINGLE = msgspec.structs.replace(FILM, single_tier_only=True)


@pytest.mark.parametrize(
    ("current", "wanted", "facts", "reason"),
    [
        pytest.param([had("frame")], [], {}, "invalid_amount", id="a pledge of nothing"),
        pytest.param([], [want("nope")], {}, "unknown_item", id="no such tier"),
        pytest.param([had("removed")], [want("removed", 2)], {}, "unknown_item", id="gone, more"),
        pytest.param([had("once")], [want("once", 2)], {}, "not_stackable", id="once, twice"),
        pytest.param([had("gone")], [want("gone", 2)], {}, "sold_out", id="closed, more"),
        pytest.param([had("late")], [want("late", 2)], {}, "threshold_locked", id="locked, more"),
        pytest.param([], [want("frame", 0)], {}, "invalid_quantity", id="none of it"),
        pytest.param([], [want("frame", 1_001)], {}, "invalid_quantity", id="too many"),
        pytest.param([], [want("frame")] * 2, {}, "duplicate_item", id="named twice"),
        pytest.param([], [want("asks")], {}, "invalid_answer", id="unanswered"),
        pytest.param(
            [], [want("sound", kind="support_item")], {}, "invalid_amount", id="no amount"
        ),
        pytest.param(
            [had("old", unit=9, kind="support_item")],
            [want("old", kind="support_item", amount_cents=Cents(10))],
            {},
            "unknown_item",
            id="more for what is gone",
        ),
        pytest.param(
            [had("frame")],
            [want("frame"), want("once")],
            {"definition": SINGLE},
            "single_tier_only",
            id="a second tier where one is taken",
        ),
        pytest.param(
            [had("frame")], [want("frame")], {"now": FILM.deadline_at}, "deadline_passed", id="late"
        ),
        pytest.param(
            [had("frame")], [want("frame")], {"is_drained": True}, "deadline_passed", id="counted"
        ),
    ],
)
def test_what_cannot_be_is_refused(
    current: list[PricedLine], wanted: list[WantedLine], facts: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refusal) as refused:
        after(current, wanted, **facts)

    assert refused.value.reason == reason


def test_two_tiers_from_before_the_rule_of_one_may_stay() -> None:
    both = [had("frame"), had("once")]

    assert len(after(both, [want("frame"), want("once")], definition=SINGLE)) == 2


def test_a_gate_that_closed_again_is_open_once_the_total_is_back() -> None:
    with pytest.raises(StateRefused, match="threshold_locked"):
        after([had("late")], [want("late", 2)], pledged_cents=9_999)

    assert after([had("late")], [want("late", 2)], pledged_cents=10_000)
