"""What a cart may contain, and how it is refused."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.ids import CampaignSlug, new_order_id
from contracts.money import Cents
from contracts.refusals import InputRefused, Refusal, StateRefused
from services.checkout.domain.add_ons import place
from services.checkout.domain.cart import KnownCampaign, WantedItem, understand
from services.checkout.domain.lines import lines_for, require_accepting
from services.checkout.domain.pricing import price_cart
from tests.checkout.samples import a_campaign, a_tier

NOW = datetime(2026, 3, 1, 7, tzinfo=UTC)
PLATFORM = PlatformDefinition(version=1)
FILM = a_campaign(
    "film",
    starts_at=NOW - timedelta(days=1),
    deadline_at=NOW + timedelta(days=1),
    tiers=(
        a_tier("frame"),
        a_tier("print", price_cents=Cents(1_999), is_stackable=True, category="physical"),
        a_tier("gone", is_sold_out=True),
        a_tier("late", requires_threshold_cents=Cents(10_000)),
        a_tier("free", price_cents=Cents(0)),
    ),
)


def known(definition: CampaignDefinition = FILM, **facts: Any) -> KnownCampaign:
    return KnownCampaign(
        **{
            "definition": definition,
            "is_drained": False,
            "pledged_cents": 0,
            "now": NOW,
            **facts,
        }
    )


def lines(*items: WantedItem, campaign: KnownCampaign | None = None) -> list[tuple[str, int, int]]:
    campaign = campaign or known()
    chosen = place(understand(items), {CampaignSlug("film"): campaign}, PLATFORM)
    found = lines_for(campaign, chosen[CampaignSlug("film")])
    return [(line.item_id, line.quantity, line.total_cents) for line in found]


def item(item_id: str, quantity: int = 1, amount: str | None = None) -> WantedItem:
    return WantedItem(
        id=item_id, quantity=quantity, amount=Decimal(amount) if amount is not None else None
    )


@dataclass(frozen=True)
class Bad:
    """A cart that is refused: why, and which field is named."""

    items: tuple[WantedItem, ...]
    reason: str
    field: str


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(Bad((), "empty_cart", "items"), id="nothing"),
        pytest.param(Bad((item("frame"),), "unknown_item", "items[0].id"), id="no slug"),
        pytest.param(Bad((item("film__"),), "unknown_item", "items[0].id"), id="no tier"),
        pytest.param(Bad((item("__frame"),), "unknown_item", "items[0].id"), id="empty slug"),
        pytest.param(Bad((item("film__nope"),), "unknown_item", "items[0].id"), id="no such tier"),
        pytest.param(Bad((item("../x__frame"),), "unknown_item", "items[0].id"), id="traversal"),
        pytest.param(
            Bad((item("film__frame"), item("addon__shirt")), "unknown_item", "items[1].id"),
            id="add-on",
        ),
        pytest.param(Bad((item("addon__shirt"),), "only_add_ons", "items"), id="add-ons alone"),
        pytest.param(
            Bad((item("film__support__nope", amount="5"),), "unknown_item", "items[0].id"),
            id="no such support item",
        ),
        pytest.param(
            Bad((item("film__frame", 2),), "not_stackable", "items[0].quantity"),
            id="two of what is had once",
        ),
        pytest.param(
            Bad((item("film__print"), item("film__print")), "duplicate_item", "items[1].id"),
            id="the same tier twice",
        ),
        pytest.param(
            Bad((item("film__support__sound"),), "invalid_amount", "items[0].amount"),
            id="no amount",
        ),
        pytest.param(
            Bad((item("film__custom-support", amount="-1"),), "invalid_amount", "items[0].amount"),
            id="less than nothing",
        ),
        pytest.param(
            Bad(
                (item("film__custom-support", amount="1.005"),), "invalid_amount", "items[0].amount"
            ),
            id="half a cent",
        ),
        pytest.param(
            Bad((item("film__custom-support", amount="NaN"),), "invalid_amount", "items[0].amount"),
            id="no number",
        ),
        pytest.param(
            Bad(
                (item("film__custom-support", amount="1e999999999999"),),
                "invalid_amount",
                "items[0].amount",
            ),
            id="more digits than memory",
        ),
        pytest.param(
            Bad((item("film__support__sound", amount="0"),), "invalid_amount", "items[0].id"),
            id="all of it nothing",
        ),
        pytest.param(
            Bad((item("film__free"),), "invalid_amount", "items[0].id"), id="a pledge of nothing"
        ),
        pytest.param(
            Bad(
                (
                    item("film__custom-support", amount="1000000"),
                    item("film__custom-support", amount="0.01"),
                ),
                "invalid_amount",
                "items[0].id",
            ),
            id="a cent above a million",
        ),
    ],
)
def test_a_cart_that_names_nothing_we_sell_is_refused_by_field(bad: Bad) -> None:
    with pytest.raises(InputRefused) as refused:
        lines(*bad.items)

    assert refused.value.reason == bad.reason
    assert list(refused.value.fields) == [bad.field]


def test_prices_come_from_the_definition_to_the_cent() -> None:
    assert lines(item("film__print", 3)) == [("print", 3, 5_997)]


def test_support_in_dollars_adds_up_and_nothing_is_dropped() -> None:
    found = lines(
        item("film__frame"),
        item("film__support__sound", amount="19.99"),
        item("film__custom-support", amount="5"),
        item("film__custom-support", amount="0.50"),
    )

    assert found == [("frame", 1, 5_000), ("sound", 1, 1_999), ("custom-support", 1, 550)]


def test_a_pledge_without_a_tier_is_a_pledge() -> None:
    assert lines(item("film__support__sound", amount="1")) == [("sound", 1, 100)]


def test_one_tier_per_pledge_still_allows_support() -> None:
    single = known(msgspec.structs.replace(FILM, single_tier_only=True))

    with pytest.raises(InputRefused, match="single_tier_only"):
        lines(item("film__frame"), item("film__print"), campaign=single)

    both = (item("film__frame"), item("film__custom-support", amount="1"))
    assert len(lines(*both, campaign=single)) == 2


def test_a_closed_tier_is_sold_out_with_none_remaining() -> None:
    with pytest.raises(StateRefused, match="sold_out") as refused:
        lines(item("film__gone"))

    assert refused.value.extra["remaining"] == 0


def test_a_gate_opens_at_its_threshold_and_not_by_the_pledge_itself() -> None:
    with pytest.raises(StateRefused, match="threshold_locked"):
        lines(item("film__late"), campaign=known(pledged_cents=9_999))

    assert lines(item("film__late"), campaign=known(pledged_cents=10_000))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        pytest.param({"now": FILM.starts_at - timedelta(microseconds=1)}, "not_live", id="before"),
        pytest.param({"now": FILM.starts_at}, None, id="start itself"),
        pytest.param(
            {"now": FILM.deadline_at - timedelta(microseconds=1)}, None, id="last instant"
        ),
        pytest.param({"now": FILM.deadline_at}, "deadline_passed", id="deadline itself"),
        pytest.param({"is_drained": True}, "deadline_passed", id="counted already"),
        pytest.param(
            {"definition": a_campaign("film", is_charged=True)}, "not_live", id="charged already"
        ),
    ],
)
def test_pledges_are_taken_from_the_start_until_before_the_deadline(
    facts: dict[str, Any], reason: str | None
) -> None:
    given_facts = {"now": NOW, **facts}
    if "definition" in facts:
        given_facts["now"] = datetime.now(UTC)
    if reason is None:
        require_accepting(known(**given_facts))
        return

    with pytest.raises(StateRefused, match=reason):
        require_accepting(known(**given_facts))


LATE = msgspec.structs.replace(
    FILM,
    tiers=(a_tier("frame"), a_tier("after", late_support=True)),
    custom_late_support=True,
)


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param([item("film__after")], id="a late tier"),
        pytest.param(
            [item("film__after"), item("film__custom-support", amount="5")],
            id="and a free amount",
        ),
    ],
)
def test_after_a_settled_end_what_was_left_open_is_sold_as_late(wanted: list[WantedItem]) -> None:
    campaign = known(definition=LATE, now=LATE.deadline_at, is_drained=True, is_settled=True)

    (pledge,) = price_cart(
        understand(wanted).by_campaign,
        {CampaignSlug("film"): campaign},
        order_id=new_order_id(),
        platform=PLATFORM,
        tip_percent=0,
    )

    assert pledge.is_late


@pytest.mark.parametrize(
    ("wanted", "facts", "reason"),
    [
        pytest.param(
            [item("film__after"), item("film__frame")],
            {},
            "deadline_passed",
            id="with a tier that is over",
        ),
        pytest.param(
            [item("film__after")], {"is_settled": False}, "deadline_passed", id="not settled yet"
        ),
        pytest.param(
            [item("film__custom-support", amount="5")],
            {"definition": msgspec.structs.replace(LATE, custom_late_support=False)},
            "deadline_passed",
            id="a free amount nobody left open",
        ),
    ],
)
def test_after_a_funded_end_the_door_is_closed_and_says_which_one(
    wanted: list[WantedItem], facts: dict[str, Any], reason: str
) -> None:
    ended = {"definition": LATE, "now": LATE.deadline_at, "is_drained": True, "is_settled": True}

    with pytest.raises(StateRefused) as refused:
        lines(*wanted, campaign=known(**{**ended, **facts}))

    assert refused.value.reason == reason


def test_campaigns_of_a_bundle_are_sorted_and_the_id_is_the_only_truth() -> None:
    cart = understand([item("zebra__frame"), item("apple__frame"), item("zebra__support__sound")])
    zebra = cart.by_campaign[CampaignSlug("zebra")]

    assert list(cart.by_campaign) == ["apple", "zebra"]
    assert [choice.item_id for choice in zebra] == ["frame", "sound"]


IDS = st.text(min_size=1, max_size=60) | st.builds(
    "film__{}{}".format,
    st.sampled_from(["", "support__", "custom__"]),
    st.sampled_from(["frame", "print", "gone", "sound", "custom", ""]) | st.text(max_size=8),
)


@given(IDS, st.decimals(allow_nan=True, allow_infinity=True))
def test_no_id_and_no_amount_is_a_fault_of_ours(item_id: str, amount: Decimal) -> None:
    answer = sums_or_refusal(WantedItem(id=item_id, amount=amount), item("film__print"))

    assert answer
    assert isinstance(answer, str) or all(type(each) is int and each >= 0 for each in answer)


def sums_or_refusal(*wanted: WantedItem) -> list[int] | str:
    """Return what each line costs, or why there are none."""
    try:
        return [cents for _, _, cents in lines(*wanted)]
    except Refusal as refused:
        return refused.reason


def test_both_answers_are_reached() -> None:
    assert sums_or_refusal(item("film__support__sound", amount="12.34")) == [1_234]
    assert sums_or_refusal(item("film__support__sound", amount="NaN")) == "invalid_amount"
