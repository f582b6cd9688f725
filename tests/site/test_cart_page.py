"""What a cart's page says: rows, add-ons, figures with their reasons, consent, troubles."""

import msgspec
import pytest

from contracts.money import Cents
from contracts.pricing import Why
from services.site.cart.answers import Refused
from services.site.cart.consent import consent_value
from services.site.cart.seen import price_changed
from services.site.cart.shop import Shop
from services.site.cart.troubles import explain
from services.site.cart.why import SENTENCES, reasons
from services.site.public.language import LANGUAGES, Language
from tests.site.carts import (
    BUNDLE,
    CHAIR,
    CREDIT,
    CUSTOM,
    HALL,
    PIN,
    PLATFORM,
    PRINT,
    QUOTE,
    SHIRT,
    SIGNED,
    TAKE,
    form,
    page,
    quote,
    share,
    shop,
)

BOTH = ((PRINT, "1"), (CHAIR, "1"))
UNSURE = {"tax": "quoted", "shipping": "needs_input"}


def hidden(shown: object) -> dict[str, str]:
    return {each.name: each.value for each in shown.hidden}  # type: ignore[attr-defined]


# Rows


def test_a_row_names_the_thing_its_film_and_how_it_comes() -> None:
    one, two, gone = page(form(*BOTH, ("gone__frame", "1")), quote=BUNDLE).items

    assert (one.name, one.of, one.price) == (
        "A signed print",
        "The Long Take · posted to you",
        "$60.00",
    )
    assert (two.of, two.url) == ("The Hall · by email", f"/campaigns/{HALL}/")
    assert (gone.name, gone.price) == ("No longer offered", "")


def test_a_stepper_ends_at_what_is_left() -> None:
    (credit,) = page(form((CREDIT, "99"))).items
    (pin,) = page(form((CREDIT, "1"), (PIN, "4"))).items[1:]
    (held,) = page(form((PIN, "6"))).items

    assert (credit.has_stepper, credit.can_more, credit.can_less) == (True, False, True)
    assert (pin.can_more, pin.quantity_max) == (False, 4)
    # What a checkout of one's own holds is not taken away from the person who holds it.
    assert held.quantity_max == 6


def test_the_questions_of_a_reward_stand_in_its_row_with_what_was_answered() -> None:
    (row,) = page(form((PRINT, "1"), **{f"answer.{PRINT}.Your frame number": "7"})).items
    (question,) = row.answers

    assert (question.label, question.value, question.is_required) == (
        "Your frame number",
        "7",
        True,
    )


# Add-ons


def test_add_ons_say_what_is_left_only_where_it_is_little() -> None:
    groups = page(form((CREDIT, "1"))).groups

    assert [group.title for group in groups] == ["Add-ons of The Long Take", "From The Pool"]
    pin, shirt = groups[0].cards
    assert pin.stock
    assert (pin.stock.text, pin.stock.tone) == ("4 left", "lamp")
    assert shirt.stock is None
    assert [(each.label, each.is_gone) for each in shirt.variants] == [
        ("Small", False),
        ("Large, $31, Sold out", True),
    ]


def test_stock_that_was_reported_counts_before_what_the_author_wrote() -> None:
    left = {PIN: 0, f"{SHIRT}__variant__small": 2}
    pin, shirt = page(form((CREDIT, "1")), shop=shop(add_on_left=left)).groups[0].cards

    assert pin.is_gone
    assert shirt.variants[0].label == "Small, 2 left"


def test_a_bundle_asks_which_film_the_platforms_products_go_with() -> None:
    assert page(form((CREDIT, "1"))).anchors == ()
    anchors = page(form(*BOTH, anchor=HALL)).anchors

    assert [(each.value, each.is_chosen) for each in anchors] == [(TAKE, False), (HALL, True)]


def test_without_scripts_everything_else_that_is_live_can_be_added() -> None:
    shelves = page(form((CREDIT, "1"))).shelves
    offered = [choice.value for shelf in shelves for choice in shelf.choices]

    assert CHAIR in offered
    assert CREDIT not in offered, "it is in the cart"
    assert f"{TAKE}__producer" not in offered, "it is not open yet"


# Figures


def test_every_figure_has_its_reason() -> None:
    rows = page(form((PRINT, "1")), quote=QUOTE).totals

    assert [(row.label, row.amount) for row in rows] == [
        ("Your pledge", "$60.00"),
        ("Tip to The Pool, 5%", "$3.00"),
        ("Sales tax, 10%", "$6.00"),
        ("Total, if the film is funded", "$69.00"),
    ]
    assert all(row.why for row in rows[:-1])
    assert rows[2].why == (
        "Tax is 10% of the $60.00 you pledge. Tips are not taxed. Half cents are rounded up.",
    )


def test_in_a_bundle_a_reason_names_its_film() -> None:
    tax = page(form(*BOTH), quote=BUNDLE).totals[2]

    assert [reason.partition(":")[0] for reason in tax.why] == ["The Long Take", "The Hall"]


@pytest.mark.parametrize(
    ("rule", "inputs", "sentence"),
    [
        (("tax", "table_rate"), {"jurisdiction": "US-NM", "shippingCents": 300}, "New Mexico"),
        (("tax", "table_rate"), {"jurisdiction": "ES", "shippingCents": 0}, "Spain"),
        (("tax", "table_default"), {"rate": "0.05"}, "5%"),
        (("shipping", "free_shipping"), {"of": "campaign"}, "The film pays for shipping."),
        (("shipping", "free_shipping"), {"of": "platform"}, "Shipping is free here."),
        (("shipping", "country_rate"), {"cents": 1500, "country": "ES"}, "rate for Spain"),
        (
            ("shipping", "carrier_rate"),
            {"cents": 545, "carrier": "USPS", "service": "USPS_GROUND_ADVANTAGE"},
            "$5.45 is what USPS charges for this parcel (Ground Advantage).",
        ),
        (("shipping", "flat_rate"), {"cents": 300, "of": "campaign"}, "the film's flat rate"),
        (
            ("shipping", "flat_rate"),
            {"cents": 300, "of": "platform", "because": "carrier_away"},
            "could not be asked",
        ),
        (("shipping", "signature_option"), {"cents": 395}, "$3.95 more"),
        (("shipping", "option_unavailable"), {}, "without a signature"),
    ],
)
def test_a_rule_is_said_in_words(
    rule: tuple[str, str], inputs: dict[str, str | int], sentence: str
) -> None:
    why = (Why(figure=rule[0], rule=rule[1], inputs=inputs),)

    said = reasons(rule[0], [share(TAKE, why=why)], {}, "en")

    assert len(said) == 1
    assert sentence in said[0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("figure", "rule"), SENTENCES)
def test_no_rule_speaks_without_its_inputs_or_in_the_wrong_language(
    figure: str, rule: str, language: Language
) -> None:
    (said,) = reasons(figure, [share(TAKE, why=(Why(figure=figure, rule=rule),))], {}, language)

    assert said
    assert "%(" not in said


def test_a_rule_of_a_newer_release_says_nothing_rather_than_something_wrong() -> None:
    why = (Why(figure="tax", rule="moon_phase"), Why(figure="tip", rule="flat_rate"))

    assert reasons("tax", [share(TAKE, why=why)], {}, "en") == ()


def test_a_figure_that_waits_for_the_address_says_so() -> None:
    waiting = quote(share(TAKE, (PRINT, 6_000), shipping=300), states=UNSURE)
    shown = page(form((PRINT, "1")), quote=waiting)

    assert [row.label for row in shown.totals][3:] == [
        "Shipping, estimated",
        "Estimated total, if the film is funded",
    ]
    assert [field.name for field in shown.destination] == ["country", "postalCode"]
    assert hidden(shown)["estimated"] == "1"


def test_nobody_is_asked_where_it_goes_while_that_changes_nothing() -> None:
    assert page(form((PRINT, "1")), quote=QUOTE).destination == ()


def test_a_carrier_that_is_away_and_not_replaced_is_said_plainly() -> None:
    shown = page(form((PRINT, "1")), quote=quote(share(TAKE), states={"shipping": UNAVAILABLE}))

    assert shown.trouble
    assert "can't ask the carrier" in shown.trouble.title


UNAVAILABLE = "provider_unavailable"


def test_the_promise_names_the_first_day_that_decides() -> None:
    assert page(form(*BOTH), quote=BUNDLE).promise == (
        "Nothing is charged today. You can cancel until December 13."
    )
    assert page(form(*BOTH)).promise == ""


def test_a_screen_reader_hears_the_new_total() -> None:
    assert page(form((PRINT, "1")), quote=QUOTE).said == "Total, if the film is funded: $69.00"


def test_a_tax_that_depends_on_the_place_asks_for_it_also_when_nothing_is_posted() -> None:
    why = (Why(figure="tax", rule="table_default", inputs={"rate": "0.05", "baseCents": 1_000}),)
    waiting = quote(share(TAKE, (CREDIT, 1_000), why=why), states={"tax": "needs_input"})
    details = page(form((CREDIT, "1"), step="card"), quote=waiting).details
    assert details

    assert [field.name for field in details.address] == ["postalCode", "province", "country"]
    assert not details.is_posted
    assert hidden(page(form((CREDIT, "1")), quote=waiting))["taxed-by-place"] == "1"


# The second step


def test_consent_is_one_sentence_with_the_sum_in_it() -> None:
    details = page(form((CREDIT, "1"), step="card"), quote=QUOTE).details
    assert details
    assert details.consent
    (line,) = details.consent.lines

    assert line.before + line.amount + line.after == (
        "Charge this card $69.00 after December 13 if The Long Take reaches its goal,"
        " and only then."
    )
    assert not details.consent.is_given
    assert details.address == ()


def test_only_countries_that_things_are_posted_to_are_offered_for_an_address() -> None:
    rates: dict[str, Cents | None] = {"CA": Cents(900), "US": None}
    north = msgspec.structs.replace(PLATFORM, shipping_countries=rates)

    def offered(sold: Shop) -> list[str]:
        details = page(form((PRINT, "1"), step="card"), shop=sold, quote=QUOTE).details
        assert details is not None
        (country,) = (field for field in details.address if field.name == "country")
        return [code for code, _ in country.options]

    assert offered(shop(platform=north)) == ["US", "CA"]
    assert len(offered(shop())) > 40


def test_consent_that_was_given_for_another_sum_is_not_given_any_more() -> None:
    given = form(*BOTH, step="card", consent=consent_value(BUNDLE, "en"))
    same, other = page(given, quote=BUNDLE).details, page(given, quote=QUOTE).details
    assert same
    assert other

    assert same.consent
    assert same.consent.is_given
    assert other.consent
    assert not other.consent.is_given


def test_what_is_paid_when_is_told_for_each_film() -> None:
    details = page(form(*BOTH, step="card"), quote=BUNDLE).details
    assert details

    assert [(row.label, row.amount) for row in details.pay] == [
        ("Today", "$0.00"),
        ("The Long Take, after December 13, if funded", "$72.00"),
        ("The Hall, after December 13, if funded", "$11.50"),
        ("If not funded", "$0.00"),
    ]


def test_ways_of_posting_are_offered_where_there_is_a_choice() -> None:
    choosing = quote(share(TAKE, (PRINT, 6_000), shipping=300), shipping_options=SIGNED)
    details = page(form((PRINT, "1"), step="card"), quote=choosing).details
    plain = page(form((PRINT, "1"), step="card"), quote=QUOTE).details
    assert details
    assert plain

    assert [(each.label, each.amount, each.is_chosen) for each in details.delivery] == [
        ("Standard", "$3.00", True),
        ("Signature on delivery", "$6.95", False),
    ]
    assert plain.delivery == ()


def test_each_step_carries_what_the_other_shows() -> None:
    fields = {"email": "a@b.example", f"answer.{PRINT}.Your frame number": "7", "ref": "zine"}
    first = hidden(page(form((PRINT, "1"), **fields), quote=QUOTE))
    second = hidden(page(form((PRINT, "1"), **fields, step="card"), quote=QUOTE))

    assert first["email"] == "a@b.example"
    assert f"item.{PRINT}" not in first
    assert second[f"item.{PRINT}"] == "1"
    assert second[f"answer.{PRINT}.Your frame number"] == "7"
    assert "email" not in second
    assert first["ref"] == second["ref"] == "zine"
    assert first["expected"] == "6900"
    assert first[f"seen.{PRINT}"] == "6000"


def test_about_the_person_is_marked_so_that_no_device_keeps_it() -> None:
    fields = {"email": "a@b.example", f"answer.{PRINT}.Your frame number": "7"}
    for step in ("cart", "card"):
        shown = page(form((PRINT, "1"), **fields, step=step), quote=QUOTE)
        kept = {each.name for each in shown.hidden if not each.is_private}
        assert not kept & set(fields)


# Troubles


def refused(status: int, error: str, **extra: object) -> Refused:
    return Refused(status=status, error=error, extra={"error": error, **extra})


@pytest.mark.parametrize(
    ("no", "title", "way_out"),
    [
        pytest.param(
            refused(409, "sold_out", campaignSlug=TAKE, tierId="print", remaining=0),
            "Somebody was faster: A signed print is sold out. Nothing was saved.",
            ("remove", PRINT),
            id="sold out",
        ),
        pytest.param(
            refused(409, "sold_out", campaignSlug=TAKE, productId="pin", remaining=0),
            "Somebody was faster: A pin is sold out. Nothing was saved.",
            ("remove", PIN),
            id="an add-on",
        ),
        pytest.param(
            refused(409, "deadline_passed", campaignSlug=HALL),
            "The Hall is not taking pledges now. Nothing was saved.",
            ("remove", HALL),
            id="closed",
        ),
        pytest.param(
            refused(409, "threshold_locked", campaignSlug=TAKE, tierId="producer"),
            "Associate producer is not open yet. Nothing was saved.",
            ("remove", f"{TAKE}__producer"),
            id="locked",
        ),
        pytest.param(
            refused(503, "busy"),
            "We are busy for a moment. Nothing was changed.",
            ("do", "update"),
            id="busy",
        ),
    ],
)
def test_a_refusal_names_the_thing_and_offers_the_way_out(
    no: Refused, title: str, way_out: tuple[str, str]
) -> None:
    given = form((PRINT, "1"), (PIN, "1"), (CHAIR, "1"))

    trouble = explain(no, given, shop(), "en")

    assert trouble.title == title
    assert trouble.way_out
    assert trouble.way_out.button == way_out


def test_too_few_left_is_said_at_the_field() -> None:
    no = refused(409, "sold_out", campaignSlug=TAKE, tierId="credit", remaining=2)

    trouble = explain(no, form((CREDIT, "5")), shop(), "en")

    assert trouble.title == "Only 2 of A credit are left. Nothing was saved."
    assert [problem.field for problem in trouble.problems] == [f"item-{CREDIT}"]


def test_input_that_checkout_refuses_is_said_at_our_own_field() -> None:
    no = Refused(status=400, error="invalid_address", fields={"shippingAddress.postalCode": "x"})

    trouble = explain(no, form((PRINT, "1")), shop(), "en")

    assert [problem.field for problem in trouble.problems] == ["postalCode"]


def test_a_cart_too_large_to_be_told_is_said_to_be_so() -> None:
    no = Refused(status=400, error="cart_too_large", fields={"items": "too much"})

    trouble = explain(no, form((PRINT, "1")), shop(), "en")

    assert trouble.title == "This is too much for one checkout. Nothing was saved."


def test_a_place_in_the_list_is_a_thing_also_when_others_were_left_out() -> None:
    no = Refused(status=400, error="unknown_item", fields={"items[1].id": "x"})

    trouble = explain(no, form((CUSTOM, "nothing"), (CREDIT, "1"), (CHAIR, "1")), shop(), "en")

    assert trouble.way_out
    assert trouble.way_out.button == ("remove", CHAIR)


def test_an_answer_that_checkout_refuses_is_said_at_its_question() -> None:
    name = "items[1].fields.Your frame number"
    no = Refused(status=400, error="invalid_answer", fields={name: "no card number"})

    trouble = explain(no, form((CREDIT, "1"), (PRINT, "1")), shop(), "en")

    assert [problem.field for problem in trouble.problems] == [f"answer-{PRINT}-0"]


def test_a_changed_price_says_what_is_another_figure() -> None:
    seen = {f"seen.{PRINT}": "5000", "seen.tip": "300", "seen.shipping": "0", "seen.tax": "600"}

    trouble = price_changed(QUOTE, form((PRINT, "1"), **seen), shop(), "en", was_complete=True)

    assert [(each.label, each.before, each.after) for each in trouble.changes] == [
        ("A signed print", "$50.00", "$60.00")
    ]
    assert "$69.00" in trouble.text


def test_a_price_that_waited_for_the_address_did_not_change_behind_anybodys_back() -> None:
    trouble = price_changed(QUOTE, form((PRINT, "1")), shop(), "es", was_complete=False)

    assert trouble.tone == "info"
