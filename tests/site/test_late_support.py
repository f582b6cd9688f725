"""After a funded end: what a film left open can be had, and every word says it is charged now."""

from datetime import timedelta

import msgspec
import pytest

from contracts.api.checkout import Quote
from contracts.campaign import SupportItem, Tier
from contracts.consent import CONSENT_VERSION, LATE_CONSENT_VERSION, text_in
from contracts.ids import CampaignSlug
from contracts.money import Cents
from services.site.cart.checks import standing_problems
from services.site.cart.consent import consent_value, has_consent
from services.site.cart.late import is_late, left_out, mixed_in
from services.site.cart.orders import quote_body, start_body
from services.site.cart.page import step_problems
from services.site.cart.receipt import success_page
from services.site.cart.shop import Shop
from services.site.public.cards import tier_cards
from services.site.public.pages import campaign_page, result_page
from services.site.public.state import CampaignState
from tests.site.carts import (
    CHAIR,
    CREDIT,
    HALL,
    PIN,
    STICKER,
    TAKE,
    form,
    page,
    quote,
    receipt,
    receipt_share,
    share,
    shop,
)
from tests.site.stages import AFTER, DEFINITION, FUNDED, LIVE

GRADE, CUSTOM, POSTER = f"{TAKE}__support__grade", f"{TAKE}__custom-support", f"{TAKE}__poster"


def over(*, is_settled: bool = True, **definition: object) -> CampaignState:
    """Return the funded film; by default a tier, a support item and free amounts stay open."""
    poster = Tier(tier_id="poster", name="A poster", price_cents=Cents(2_500), category="physical")
    changes = {
        "tiers": (*DEFINITION.tiers, msgspec.structs.replace(poster, late_support=True)),
        "support_items": (
            SupportItem(
                item_id="grade", label="Grade", target_cents=Cents(90_000), late_support=True
            ),
        ),
        "custom_late_support": True,
        **definition,
    }
    film = msgspec.structs.replace(DEFINITION, **changes)
    return msgspec.structs.replace(FUNDED, definition=film, is_settled=is_settled)


def after(**state: object) -> Shop:
    """Return the shop after that end, with the hall still live."""
    hall = shop().campaigns[CampaignSlug(HALL)]
    live = msgspec.structs.replace(hall.definition, deadline_at=AFTER + timedelta(days=20))
    hall = msgspec.structs.replace(hall, definition=live)
    campaigns = {CampaignSlug(TAKE): over(**state), CampaignSlug(HALL): hall}
    return shop(campaigns=campaigns, now=AFTER)


NOW: Quote = quote(share(TAKE, (POSTER, 2_500), charged_now=True))


# The film's page


def test_what_was_left_open_comes_first_and_says_now() -> None:
    cards = tier_cards(over(), "funded", "en")

    assert [(cards[0].tier_id, cards[0].state, cards[0].button)] == [
        ("poster", "late", "Pay $25 now")
    ]
    assert cards[0].is_enabled
    assert not any(card.is_enabled for card in cards[1:])


def test_the_page_says_that_the_card_is_charged_today() -> None:
    shown = campaign_page(over(), now=AFTER, language="en")

    assert shown.is_charged_now
    assert shown.takes_custom_support
    assert "Your card is charged today." in shown.rewards_intro
    assert shown.promise == ""
    assert [line.is_open for part in shown.budget for line in part.lines] == [True]
    assert shown.add_ons == ()


@pytest.mark.parametrize(
    "state",
    [
        over(is_settled=False),
        over(tiers=DEFINITION.tiers, support_items=(), custom_late_support=False),
        msgspec.structs.replace(over(), is_funded=False),
        msgspec.structs.replace(over(), is_cancelled=True),
    ],
    ids=["being charged", "nothing left open", "not funded", "ended early"],
)
def test_nothing_is_sold_before_all_is_charged_nor_without_the_authors_word(
    state: CampaignState,
) -> None:
    shown = campaign_page(state, now=AFTER, language="en")

    assert not shown.is_charged_now
    assert not shown.takes_custom_support
    assert not any(tier.is_enabled for tier in shown.tiers)
    assert "today" not in shown.rewards_intro
    assert not result_page(state, now=AFTER, language="en").is_open


def test_free_amounts_are_the_authors_choice() -> None:
    shown = campaign_page(over(custom_late_support=False), now=AFTER, language="en")

    assert shown.is_charged_now
    assert not shown.takes_custom_support


def test_before_its_end_a_film_promises_what_it_always_did() -> None:
    state = msgspec.structs.replace(over(), is_closed=False, is_settled=False)

    shown = campaign_page(state, now=LIVE, language="en")

    assert "saved, not charged" in shown.promise


def test_what_came_later_is_told_beside_the_sums() -> None:
    state = msgspec.structs.replace(over(), late_support_cents=7_500)

    shown = campaign_page(state, now=AFTER, language="en")

    assert shown.sums_line.endswith("Since the end $75 more went straight to the film.")
    assert shown.pledged == "$28,000"


# The cart


def test_the_cart_says_plainly_that_the_card_is_charged_now() -> None:
    cart = page(form((POSTER, "1")), quote=NOW, shop=after())

    assert cart.promise.startswith("You are charged now")
    assert cart.totals[-1].label == "Total, charged now"
    assert cart.groups == ()


def test_the_card_step_names_the_sum_on_its_button_and_when_it_is_paid() -> None:
    cart = page(form((POSTER, "1"), step="card"), quote=NOW, shop=after())

    assert cart.save_label == "Pay $28.75 now"
    assert cart.details is not None
    assert [(row.label, row.amount) for row in cart.details.pay] == [("Today", "$28.75")]
    assert "cancel" not in cart.details.email.hint
    consent = cart.details.consent
    assert consent is not None
    assert consent.lines[0].before == "Charge this card "
    assert consent.lines[0].after == " now. The Long Take has reached its goal."


def test_the_sentences_that_are_sent_are_those_that_were_shown() -> None:
    ticked = form(
        (POSTER, "1"), step="card", expected="2875", consent=consent_value(NOW, "es"), do="pledge"
    )

    sent = start_body(ticked, after(), "es")["consent"]

    assert has_consent(ticked, after(), "es")
    assert sent == {
        "version": LATE_CONSENT_VERSION,
        "language": "es",
        "hash": text_in("es", is_late=True).sha256,
    }


def test_a_box_ticked_before_the_end_is_not_ticked_after_it() -> None:
    before = quote(share(TAKE, (POSTER, 2_500)))
    ticked = form((POSTER, "1"), expected="2875", consent=consent_value(before, "en"))

    assert CONSENT_VERSION in ticked.consent
    assert not has_consent(ticked, after(), "en")


def test_what_is_over_is_to_be_taken_out_and_the_rest_is_priced() -> None:
    wanted = form((POSTER, "1"), (CREDIT, "2"), (PIN, "1"), (STICKER, "1"))

    problems = standing_problems(wanted, after(), "en")
    asked = quote_body(wanted, after(), "en")

    assert left_out(wanted, after()) == (CREDIT, PIN, STICKER)
    assert {problem.message for problem in problems} == {"Take out what is no longer offered."}
    assert len(problems) == 3
    assert [each["id"] for each in asked["items"]] == [POSTER]


def test_what_is_charged_now_is_paid_on_its_own() -> None:
    wanted = form((POSTER, "1"), (CHAIR, "1"), (STICKER, "1"))

    problems = step_problems(wanted, after(), "en")

    assert is_late(wanted, after())
    assert mixed_in(wanted, after()) == (POSTER,)
    assert left_out(wanted, after()) == ()
    assert [problem.field for problem in problems] == [f"item-{POSTER}"]
    assert problems[0].message.startswith("This is charged now, and the rest of your cart later.")


def test_a_mixed_cart_promises_nothing_about_the_whole() -> None:
    both = quote(share(TAKE, (POSTER, 2_500), charged_now=True), share(HALL, (CHAIR, 1_000)))

    cart = page(form((POSTER, "1"), (CHAIR, "1")), quote=both, shop=after())

    assert cart.promise == ""
    assert cart.totals[-1].label == "All together"


def test_two_films_that_are_over_go_together() -> None:
    wanted = form((POSTER, "1"), (GRADE, "20"), (CUSTOM, "5"))

    assert standing_problems(wanted, after(), "en") == ()
    assert mixed_in(wanted, after()) == ()


def test_without_scripts_only_what_is_charged_now_stands_beside_it() -> None:
    (shelf,) = page(form((GRADE, "20")), quote=NOW, shop=after()).shelves

    assert [choice.value for choice in shelf.choices] == [POSTER]
    assert [each.title for each in page(form(), shop=after()).shelves] == ["The Hall"]


# The receipt


def test_the_receipt_says_one_charge_and_what_comes_next() -> None:
    bought = receipt(
        "persisted", receipt_share(TAKE, "The Long Take", (POSTER, 2_500), charged_now=True)
    )

    shown = success_page(bought, after(), TAKE, "en", order_id="pool-intent-0")

    assert shown.heading == "Thank you. Your card is charged now."
    assert shown.totals[-1].label == "Total, charged now"
    assert shown.next[0].text == "Your card is charged $28.75, once."
    assert "7 days" in shown.next[1].text
