"""What things cost: the specification's worked examples, and rules that always hold."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.campaign import PlatformDefinition, Tier
from contracts.ids import CampaignSlug, OrderId
from contracts.money import Cents
from contracts.pricing import PricedPledge
from contracts.refusals import InputRefused
from services.checkout.domain.cart import ITEMS_MAX, KnownCampaign, WantedItem, understand
from services.checkout.domain.pricing import price_cart, tip_percent_of, total_of
from tests.checkout.samples import a_campaign, a_tier

PLATFORM = PlatformDefinition(version=1)
ORDER = OrderId("pool-intent-0123456789abcdef0123456789abcdef")


def priced(*tiers: Tier, tip: int = 5, slugs: tuple[str, ...] = ("film",), **facts: Any) -> Any:
    """Return the price of one of each tier, in each of the campaigns."""
    platform = facts.pop("platform", PLATFORM)
    definitions = {CampaignSlug(slug): a_campaign(slug, tiers=tiers, **facts) for slug in slugs}
    known = {
        slug: KnownCampaign(
            definition=definition, is_drained=False, pledged_cents=0, now=definition.starts_at
        )
        for slug, definition in definitions.items()
    }
    cart = understand(
        [WantedItem(id=f"{slug}__{tier.tier_id}") for slug in slugs for tier in tiers]
    ).by_campaign
    return price_cart(cart, known, order_id=ORDER, platform=platform, tip_percent=tip)


def figures(pledges: tuple[PricedPledge, ...]) -> tuple[int, int, int, int, int]:
    totals = total_of(pledges)
    return (
        totals.subtotal_cents,
        totals.tax_cents,
        totals.shipping_cents,
        totals.tip_cents,
        totals.total_cents,
    )


def test_example_a_the_documents_own_record() -> None:
    pledges = priced(a_tier(category="physical"))

    assert figures(pledges) == (5_000, 394, 300, 250, 5_944)


def test_example_b_half_a_cent_rounds_up() -> None:
    pledges = priced(a_tier(category="physical", price_cents=Cents(10_000)))

    assert figures(pledges) == (10_000, 788, 300, 500, 11_588)


def test_half_a_cent_rounds_up_to_an_odd_cent_too() -> None:
    """$300 at 7.875 % is 2,362.5 cents; rounding to even, as Python does, gives one less."""
    pledges = priced(a_tier(price_cents=Cents(30_000)))

    assert figures(pledges) == (30_000, 2_363, 0, 1_500, 33_863)


def test_example_c_free_shipping_of_the_campaign() -> None:
    poster = {"category": "physical", "price_cents": Cents(2_500)}
    pledges = priced(a_tier("one", **poster), a_tier("two", **poster), tip=15, free_shipping=True)

    assert figures(pledges) == (5_000, 394, 0, 750, 6_144)


def test_example_f_a_bundle_rounds_per_campaign_and_then_sums() -> None:
    pledges = priced(a_tier(price_cents=Cents(500)), slugs=("film", "other-film"))

    assert [pledge.price.total_cents for pledge in pledges] == [564, 564]
    assert total_of(pledges).total_cents == 1_128
    assert [pledge.pledge_id for pledge in pledges] == [f"{ORDER}-film", f"{ORDER}-other-film"]


@pytest.mark.parametrize(
    ("cents", "tax", "tip", "total"),
    [(1_999, 157, 100, 2_256), (820, 65, 41, 926), (435, 34, 22, 491)],
)
def test_a_price_with_cents_is_a_price(cents: int, tax: int, tip: int, total: int) -> None:
    """Prices that binary floats cannot hold: $19.99, $8.20 and $4.35."""
    pledges = priced(a_tier(price_cents=Cents(cents)))

    assert figures(pledges) == (cents, tax, 0, tip, total)


def test_a_cart_of_one_campaign_keeps_the_orders_id() -> None:
    assert [pledge.pledge_id for pledge in priced(a_tier())] == [ORDER]


@pytest.mark.parametrize(
    ("campaign", "platform", "cents", "source"),
    [
        pytest.param({}, {}, 300, "fallback", id="the platform's rate"),
        pytest.param({"shipping_fallback_cents": 1_200}, {}, 1_200, "fallback", id="its own rate"),
        pytest.param({"shipping_fallback_cents": 0}, {}, 0, "fallback", id="its own rate is zero"),
        pytest.param({}, {"free_shipping": True}, 0, "free", id="free everywhere"),
        pytest.param(
            {"free_shipping": False}, {"free_shipping": True}, 300, "fallback", id="but not here"
        ),
        pytest.param({"free_shipping": True}, {}, 0, "free", id="free here"),
    ],
)
def test_shipping_is_free_or_a_flat_rate(
    campaign: dict[str, Any], platform: dict[str, Any], cents: int, source: str
) -> None:
    (pledge,) = priced(
        a_tier(category="physical"),
        platform=PlatformDefinition(version=1, **platform),
        **campaign,
    )

    assert (pledge.price.shipping_cents, pledge.price.shipping_source) == (cents, source)


def test_nothing_physical_is_shipped_for_nothing() -> None:
    (pledge,) = priced(a_tier())

    assert (pledge.price.shipping_cents, pledge.price.shipping_source) == (0, "none")


def test_every_figure_says_why() -> None:
    (pledge,) = priced(a_tier(category="physical"))

    why = {each.figure: (each.rule, each.inputs) for each in pledge.price.why}
    assert set(why) == {"subtotal", "shipping", "tax", "tip", "amount"}
    assert why["tax"] == ("flat_rate", {"rate": "0.07875", "baseCents": 5_000, "cents": 394})
    assert why["tip"] == ("percent_of_subtotal", {"percent": 5, "baseCents": 5_000, "cents": 250})
    assert why["shipping"] == (
        "flat_rate",
        {"cents": 300, "parcel": "campaign", "of": "platform", "because": "no_carrier"},
    )


@pytest.mark.parametrize("tip", [-1, 16, 100])
def test_a_tip_outside_what_is_allowed_is_refused(tip: int) -> None:
    with pytest.raises(InputRefused, match="invalid_tip") as refused:
        tip_percent_of(tip, PLATFORM)

    assert list(refused.value.fields) == ["tipPercent"]


@pytest.mark.parametrize(("wanted", "tip"), [(None, 5), (0, 0), (15, 15)])
def test_a_tip_is_0_to_15_and_5_when_not_said(wanted: int | None, tip: int) -> None:
    assert tip_percent_of(wanted, PLATFORM) == tip


def test_two_currencies_are_not_one_order() -> None:
    euro = a_campaign("film", currency="eur", tiers=(a_tier(),))
    dollar = a_campaign("other", tiers=(a_tier(),))
    known = {
        each.slug: KnownCampaign(
            definition=each, is_drained=False, pledged_cents=0, now=each.starts_at
        )
        for each in (euro, dollar)
    }
    cart = understand([WantedItem(id="film__frame"), WantedItem(id="other__frame")]).by_campaign

    with pytest.raises(InputRefused, match="mixed_currencies"):
        price_cart(cart, known, order_id=ORDER, platform=PLATFORM, tip_percent=5)


@given(
    st.lists(st.integers(1, 2_000_000), min_size=1, max_size=4),
    st.integers(0, 15),
    st.integers(0, 30_000),
)
def test_figures_add_up_and_round_half_up(prices: list[int], tip: int, rate: int) -> None:
    platform = PlatformDefinition(version=1, sales_tax_rate=str(Decimal(rate) / 100_000))
    tiers = [a_tier(f"t{n}", price_cents=Cents(price)) for n, price in enumerate(prices)]
    (pledge,) = priced(*tiers, tip=tip, platform=platform)
    price, subtotal = pledge.price, sum(prices)

    def half_up(amount: Decimal) -> int:
        return int(amount.quantize(Decimal(1), ROUND_HALF_UP))

    assert price.subtotal_cents == price.goal_cents == subtotal
    assert price.tax_cents == half_up(Decimal(subtotal) * rate / 100_000)
    assert price.tip_cents == half_up(Decimal(subtotal * tip) / 100)
    assert price.total_cents == subtotal + price.tax_cents + price.tip_cents


def test_an_order_is_never_too_large_to_be_told() -> None:
    """It is one event, and what the bus does not take would keep every campaign in it open."""
    many = tuple(f"film-{number}" for number in range(ITEMS_MAX))

    with pytest.raises(InputRefused, match="cart_too_large"):
        priced(a_tier(), slugs=many)

    assert len(priced(a_tier(), slugs=many[:40])) == 40
