"""What posting costs, by which rule, and how it says so."""

from typing import Any

import msgspec
import pytest

from contracts.campaign import AddOn, CarrierRules, Package, SupportItem
from contracts.money import Cents
from contracts.pricing import PriceBreakdown
from services.checkout.domain.shipping import CarrierRate, Delivery
from tests.checkout.goods import (
    BERLIN,
    HOME,
    LIVE,
    SHIRT,
    a_film,
    a_line,
    a_platform,
    a_rate,
    asked,
    figures,
    posted,
    reasons,
)
from tests.checkout.samples import a_tier

POSTER = a_line("poster", is_physical=True)
MUG = a_line("mug", kind="add_on", is_physical=True, unit_cents=900)
SHIRT_LINE = a_line(
    "shirt", kind="add_on", is_physical=True, unit_cents=2_500, counts_toward_goal=False
)
SIGNED = ("signature_required", "adult_signature_required")
NONE, AWAY = CarrierRate(kind="none"), CarrierRate(kind="away")


def told(price: PriceBreakdown) -> list[tuple[str, str, int]]:
    """Return scope, source and cents of every parcel."""
    return [(each.scope, each.source, each.cents) for each in price.shipments]


@pytest.mark.parametrize(
    ("facts", "cents", "source", "state"),
    [
        pytest.param({}, 300, "fallback", "fallback_used", id="the platform's flat rate"),
        pytest.param(
            {"film": a_film(shipping_fallback_cents=Cents(0))},
            0,
            "fallback",
            "fallback_used",
            id="the campaign's flat rate, be it nothing",
        ),
        pytest.param(
            {"film": a_film(free_shipping=True), "quoted": 545},
            0,
            "free",
            "quoted",
            id="free before everything",
        ),
        pytest.param(
            {"film": a_film(free_shipping=False), "platform": a_platform(free_shipping=True)},
            300,
            "fallback",
            "fallback_used",
            id="free everywhere but here",
        ),
        pytest.param(
            {"platform": a_platform(carrier=LIVE), "quoted": 545},
            545,
            "usps",
            "quoted",
            id="the carrier's price",
        ),
        pytest.param(
            {"platform": a_platform(carrier=LIVE), "quoted": NONE},
            300,
            "fallback",
            "fallback_used",
            id="no class takes it",
        ),
        pytest.param(
            {"platform": a_platform(carrier=LIVE), "quoted": AWAY},
            300,
            "fallback",
            "fallback_used",
            id="the carrier is away",
        ),
        pytest.param(
            {
                "platform": a_platform(carrier=CarrierRules(is_enabled=True, when_away="refuse")),
                "quoted": AWAY,
            },
            300,
            "fallback",
            "provider_unavailable",
            id="the carrier is away and no flat rate may stand in",
        ),
        pytest.param(
            {"platform": a_platform(carrier=LIVE), "quoted": 545, "destination": None},
            300,
            "fallback",
            "needs_input",
            id="nowhere yet",
        ),
        pytest.param(
            {
                "platform": a_platform(shipping_countries={"US": Cents(450)}, carrier=LIVE),
                "quoted": 545,
            },
            450,
            "table",
            "quoted",
            id="the country's own rate before the carrier",
        ),
        pytest.param(
            {"platform": a_platform(shipping_countries={"US": None, "DE": Cents(1_800)})},
            300,
            "fallback",
            "fallback_used",
            id="a country without its own rate",
        ),
        pytest.param(
            {
                "platform": a_platform(shipping_countries={"US": None, "DE": Cents(1_800)}),
                "destination": None,
            },
            300,
            "fallback",
            "needs_input",
            id="it depends on the country",
        ),
        pytest.param(
            {"platform": a_platform(carrier=LIVE, origin_country="DE"), "quoted": 545},
            300,
            "fallback",
            "fallback_used",
            id="posted from where the carrier does not go",
        ),
    ],
)
def test_the_first_rule_that_applies_makes_the_price(
    facts: dict[str, Any], cents: int, source: str, state: str
) -> None:
    price = posted(**facts)

    assert (price.shipping_cents, price.shipping_source) == (cents, source)
    assert price.shipping_state == state


def test_nothing_physical_is_posted_for_nothing() -> None:
    price = posted(a_line(), platform=a_platform(carrier=LIVE), quoted=545)

    assert (price.shipping_cents, price.shipping_source, price.shipments) == (0, "none", ())
    assert [why.rule for why in reasons(price, "shipping")] == ["nothing_physical"]


def test_what_nobody_can_weigh_goes_at_the_flat_rate() -> None:
    film = a_film(tiers=(a_tier("poster", category="physical", shipping_preset="of another age"),))

    price = posted(film=film, platform=a_platform(carrier=LIVE), quoted=545)

    (why,) = reasons(price, "shipping")
    assert (price.shipping_source, price.shipping_state) == ("fallback", "fallback_used")
    assert why.inputs["because"] == "package_unknown"


def test_a_campaign_and_the_platforms_products_are_two_parcels() -> None:
    film = a_film(
        add_ons=(
            AddOn(product_id="mug", name="Mug", price_cents=Cents(900), shipping_preset="cd"),
        ),
        shipping_fallback_cents=Cents(700),
    )

    price = posted(POSTER, MUG, SHIRT_LINE, film=film, platform=a_platform(add_ons=(SHIRT,)))

    assert told(price) == [("campaign", "fallback", 700), ("platform", "fallback", 300)]
    assert (price.goal_cents, price.subtotal_cents) == (5_900, 8_400)


def test_a_campaigns_free_shipping_does_not_pay_for_the_platforms_parcel() -> None:
    price = posted(
        POSTER,
        SHIRT_LINE,
        film=a_film(free_shipping=True),
        platform=a_platform(add_ons=(SHIRT,)),
    )

    assert told(price) == [("campaign", "free", 0), ("platform", "fallback", 300)]
    assert price.shipping_source == "mixed"


def test_example_d_a_live_quote_with_a_signature() -> None:
    film = a_film(shipping_options=SIGNED)
    shirt = a_line("poster", is_physical=True, unit_cents=3_500)

    price = posted(
        shirt,
        film=film,
        platform=a_platform(carrier=LIVE),
        quoted=545,
        option="signature_required",
        tip=3,
    )

    assert figures(price) == (3_500, 276, 940, 105, 4_821)
    assert (price.shipping_option, price.shipments[0].option_cents) == ("signature_required", 395)


def test_example_e_a_product_of_the_platform_is_posted_and_counts_for_nobody() -> None:
    frame = a_line(unit_cents=1_000)

    price = posted(frame, SHIRT_LINE, platform=a_platform(add_ons=(SHIRT,)))

    assert figures(price) == (3_500, 276, 300, 175, 4_251)
    assert price.goal_cents == 1_000


def test_an_adult_signature_costs_its_own_surcharge() -> None:
    price = posted(
        film=a_film(shipping_options=SIGNED),
        platform=a_platform(carrier=LIVE),
        quoted=545,
        option="adult_signature_required",
    )

    assert price.shipping_cents == 545 + 970
    assert price.shipments[0].offered == {
        "signature_required": 395,
        "adult_signature_required": 970,
    }


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({}, id="the campaign does not list it"),
        pytest.param({"film": a_film(shipping_options=SIGNED), "quoted": None}, id="no carrier"),
        pytest.param({"film": a_film(shipping_options=SIGNED), "quoted": AWAY}, id="no quote"),
        pytest.param({"film": a_film(shipping_options=SIGNED), "destination": BERLIN}, id="abroad"),
        pytest.param(
            {"film": a_film(shipping_options=SIGNED, free_shipping=True)}, id="posted for nothing"
        ),
    ],
)
def test_an_option_that_cannot_be_had_is_standard_and_says_so(facts: dict[str, Any]) -> None:
    given = {"platform": a_platform(carrier=LIVE), "quoted": 545, **facts}

    plain = posted(**given)
    wished = posted(**given, option="signature_required")

    assert (wished.shipping_option, wished.shipping_cents) == ("standard", plain.shipping_cents)
    assert not any(each.offered for each in wished.shipments)
    assert reasons(wished, "shipping")[-1].rule == "option_unavailable"
    assert reasons(wished, "shipping")[-1].inputs["option"] == "signature_required"


def test_the_platforms_parcel_is_never_signed_for() -> None:
    price = posted(
        POSTER,
        SHIRT_LINE,
        film=a_film(shipping_options=SIGNED),
        platform=a_platform(add_ons=(SHIRT,), carrier=LIVE),
        quoted=545,
        option="signature_required",
    )

    assert told(price) == [("campaign", "usps", 940), ("platform", "usps", 545)]


def requests(**facts: Any) -> list[Any]:
    platform = a_platform(**{"carrier": LIVE, **facts.pop("platform", {})})
    delivery = Delivery(**{"destination": HOME, "has_carrier": True, **facts})
    return asked(POSTER, film=a_film(), platform=platform, delivery=delivery)


def test_the_carrier_is_asked_from_our_zip_to_theirs_in_its_order() -> None:
    (request,) = requests()

    assert (request.origin_zip, request.country, request.postal_code) == ("87120", "US", "87101")
    assert request.classes == ("USPS_GROUND_ADVANTAGE", "PRIORITY_MAIL")


@pytest.mark.parametrize(
    ("written", "sent"),
    [("87101", "87101"), (" 87101-1234 ", "87101"), ("871011234", "87101"), ("8710", None)],
)
def test_a_zip_code_is_five_digits_or_nobody_is_asked(written: str, sent: str | None) -> None:
    destination = msgspec.structs.replace(HOME, postal_code=written)

    assert [each.postal_code for each in requests(destination=destination)] == (
        [sent] if sent else []
    )


def test_puerto_rico_is_at_home_and_germany_is_not() -> None:
    (island,) = requests(
        destination=msgspec.structs.replace(HOME, country="PR", postal_code="00901")
    )
    (abroad,) = requests(destination=BERLIN)

    assert island.classes == LIVE.domestic_classes
    assert (abroad.country, abroad.classes) == ("DE", LIVE.international_classes)


def test_discs_alone_try_media_mail_first_and_not_with_anything_else() -> None:
    film = a_film(
        tiers=(
            a_tier("disc", category="physical", shipping_preset="bluray"),
            a_tier("poster", category="physical", shipping_preset="poster"),
        ),
        support_items=(
            SupportItem(
                item_id="props",
                label="Props",
                target_cents=Cents(1),
                category="physical",
                package=Package(weight_oz="1", length_in="1", width_in="1", height_in="1"),
            ),
        ),
    )
    disc = a_line("disc", is_physical=True, quantity=2)
    props = a_line("props", kind="support_item", is_physical=True)
    terms: dict[str, Any] = {
        "film": film,
        "platform": a_platform(carrier=LIVE),
        "delivery": Delivery(destination=HOME, has_carrier=True),
    }

    (alone,) = asked(disc, **terms)
    (mixed,) = asked(disc, POSTER, **terms)
    (with_own,) = asked(disc, props, **terms)

    assert alone.classes[0] == "MEDIA_MAIL"
    assert "MEDIA_MAIL" not in (*mixed.classes, *with_own.classes)


def test_every_cent_of_the_postage_has_a_reason() -> None:
    price = posted(
        POSTER,
        SHIRT_LINE,
        film=a_film(shipping_options=SIGNED),
        platform=a_platform(add_ons=(SHIRT,), carrier=LIVE),
        quoted=a_rate(545),
        option="signature_required",
    )

    told_cents = [why.inputs["cents"] for why in reasons(price, "shipping")]
    assert [why.rule for why in reasons(price, "shipping")] == [
        "carrier_rate",
        "signature_option",
        "carrier_rate",
    ]
    assert told_cents == [545, 395, 545]
    assert sum(int(each) for each in told_cents) == price.shipping_cents
