"""Products beside the tiers: where they belong, what they cost, how they are refused."""

from typing import Any

import msgspec
import pytest

from contracts.campaign import AddOn, AddOnVariant, CampaignDefinition, PlatformDefinition
from contracts.ids import CampaignSlug, OrderId
from contracts.money import Cents
from contracts.pricing import PricedLine
from contracts.refusals import InputRefused
from services.checkout.domain.add_ons import place
from services.checkout.domain.cart import KnownCampaign, WantedItem, understand
from services.checkout.domain.pricing import price_cart
from tests.checkout.samples import a_campaign, a_tier

ORDER = OrderId("pool-intent-0123456789abcdef0123456789abcdef")
POSTER = AddOn(product_id="poster", name="Poster", price_cents=Cents(2_000))
SHIRT = AddOn(
    product_id="shirt",
    name="Shirt",
    price_cents=Cents(2_500),
    category="digital",
    variants=(
        AddOnVariant(variant_id="s", label="Small"),
        AddOnVariant(variant_id="xl", label="Extra large", price_cents=Cents(2_750)),
        AddOnVariant(variant_id="gift", label="A gift", price_cents=Cents(0)),
    ),
)
TOTE = AddOn(product_id="tote", name="Tote bag", price_cents=Cents(1_500))
PLATFORM = PlatformDefinition(version=1, add_ons_enabled=True, add_ons=(TOTE,))
FILM = a_campaign("film", tiers=(a_tier(),), add_ons=(POSTER, SHIRT))
ALBUM = a_campaign("album", tiers=(a_tier(),))


def priced(
    *items: str | WantedItem,
    anchor: str | None = None,
    platform: PlatformDefinition = PLATFORM,
    campaigns: tuple[CampaignDefinition, ...] = (FILM, ALBUM),
) -> dict[str, Any]:
    """Return each campaign's price by its slug, or the refusal."""
    known = {
        each.slug: KnownCampaign(
            definition=each, is_drained=False, pledged_cents=0, now=each.starts_at
        )
        for each in campaigns
    }
    wanted = [WantedItem(id=each) if isinstance(each, str) else each for each in items]
    cart = place(understand(wanted), known, platform, anchor=anchor)
    pledges = price_cart(cart, known, order_id=ORDER, platform=platform, tip_percent=0)
    return {pledge.campaign: pledge for pledge in pledges}


def add_ons(pledge: Any) -> list[PricedLine]:
    return [line for line in pledge.lines if line.kind == "add_on"]


def test_a_campaigns_own_product_is_a_part_of_its_pledge_and_counts() -> None:
    pledges = priced("album__frame", "film__frame", WantedItem(id="addon__poster", quantity=3))
    (poster,) = add_ons(pledges["film"])

    assert add_ons(pledges["album"]) == []
    assert (poster.label, poster.quantity, poster.total_cents) == ("Poster", 3, 6_000)
    assert poster.is_physical
    assert pledges["film"].price.goal_cents == pledges["film"].price.subtotal_cents == 11_000


def test_the_platforms_product_is_charged_and_never_counted() -> None:
    pledges = priced("film__frame", "addon__tote")

    assert pledges["film"].price.subtotal_cents == 6_500
    assert pledges["film"].price.goal_cents == 5_000
    assert not add_ons(pledges["film"])[0].counts_toward_goal


@pytest.mark.parametrize(
    ("anchor", "slug"),
    [
        pytest.param("film", "film", id="as wished"),
        pytest.param(None, "album", id="no wish: the first by its slug"),
        pytest.param("", "album", id="an empty wish"),
        pytest.param("zebra", "album", id="not in the cart"),
        pytest.param("Film", "album", id="no slug at all"),
    ],
)
def test_the_platforms_product_goes_with_the_anchor(anchor: str | None, slug: str) -> None:
    pledges = priced("film__frame", "addon__tote", "album__frame", anchor=anchor)

    assert [each for each, pledge in pledges.items() if add_ons(pledge)] == [slug]


@pytest.mark.parametrize(
    ("variant", "cents", "label"),
    [
        pytest.param("s", 2_500, "Shirt, Small", id="inherits"),
        pytest.param("xl", 2_750, "Shirt, Extra large", id="its own"),
        pytest.param("gift", 0, "Shirt, A gift", id="0 is a price"),
    ],
)
def test_a_variant_has_its_own_price_or_its_products(variant: str, cents: int, label: str) -> None:
    (shirt,) = add_ons(priced("film__frame", f"addon__shirt__variant__{variant}")["film"])

    assert (shirt.item_id, shirt.variant_id) == ("shirt", variant)
    assert (shirt.unit_cents, shirt.label, shirt.is_physical) == (cents, label, False)


@pytest.mark.parametrize(
    ("items", "reason", "field"),
    [
        pytest.param(["addon__poster"], "only_add_ons", "items", id="nothing else"),
        pytest.param(["addon__poster", "addon__tote"], "only_add_ons", "items", id="nor two"),
        pytest.param(
            ["film__frame", "addon__mug"], "unknown_item", "items[1].id", id="sold by nobody"
        ),
        pytest.param(
            ["album__frame", "addon__poster"],
            "unknown_item",
            "items[1].id",
            id="sold by a campaign that is not in the cart",
        ),
        pytest.param(
            ["film__frame", "addon__shirt"], "variant_needed", "items[1].id", id="which size?"
        ),
        pytest.param(
            ["film__frame", "addon__shirt__variant__xxl"],
            "unknown_item",
            "items[1].id",
            id="no such size",
        ),
        pytest.param(
            ["film__frame", "addon__poster__variant__s"],
            "unknown_item",
            "items[1].id",
            id="a size of what has none",
        ),
        pytest.param(
            ["film__frame", "addon__shirt__variant__"], "unknown_item", "items[1].id", id="empty"
        ),
        pytest.param(["film__frame", "addon__"], "unknown_item", "items[1].id", id="no product"),
        pytest.param(
            ["film__frame", "addon__shirt__variant__s", "addon__shirt__variant__xl"],
            "duplicate_item",
            "items[2].id",
            id="a product is had once, in one size",
        ),
        pytest.param(
            ["film__frame", WantedItem(id="addon__tote", fields={"size": "s"})],
            "invalid_answer",
            "items[1].fields.size",
            id="add-ons ask nothing",
        ),
    ],
)
def test_what_cannot_be_had_is_refused_by_field(items: list[Any], reason: str, field: str) -> None:
    with pytest.raises(InputRefused) as refused:
        priced(*items)

    assert refused.value.reason == reason
    assert list(refused.value.fields) == [field]


def test_what_the_platform_switched_off_is_sold_by_nobody() -> None:
    off = msgspec.structs.replace(PLATFORM, add_ons_enabled=False)

    assert priced("film__frame", "addon__poster", platform=off)
    with pytest.raises(InputRefused, match="unknown_item"):
        priced("film__frame", "addon__tote", platform=off)


def test_a_pledge_of_nothing_but_an_add_on_beside_a_free_tier_is_one() -> None:
    film = msgspec.structs.replace(FILM, tiers=(a_tier("thanks", price_cents=Cents(0)),))
    pledges = priced("film__thanks", "addon__tote", campaigns=(film,))

    assert pledges[CampaignSlug("film")].price.goal_cents == 0
    assert pledges[CampaignSlug("film")].price.subtotal_cents == 1_500
