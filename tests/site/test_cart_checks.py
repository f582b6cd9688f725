"""What is wrong with a cart, field by field, and the words for it."""

import pytest

from contracts.consent import CONSENT_VERSION
from services.site.cart.checks import (
    amount_cents,
    is_posted,
    standing_problems,
    state_code,
)
from services.site.cart.consent import consent_value
from services.site.cart.orders import priced, quote_body, start_body
from services.site.cart.page import start_problems, step_problems
from tests.site.carts import (
    BUNDLE,
    CHAIR,
    CREDIT,
    CUSTOM,
    LAB,
    PIN,
    PRINT,
    STICKER,
    form,
    shop,
)

ADDRESS = {
    "email": "noor@halfmoon.example",
    "name": "Noor Valdecasas",
    "address1": "14 Alder Court",
    "city": "Albuquerque",
    "province": "NM",
    "postalCode": "87104",
    "country": "US",
}


def fields(given: object) -> list[str]:
    return [problem.field for problem in given]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("15", 1_500),
        ("$15", 1_500),
        (" 12.50 ", 1_250),
        ("12,5", 1_250),
        ("1,250", 125_000),
        ("1,250.75", 125_075),
        ("1", 100),
        ("0.99", None),
        ("0", None),
        ("-5", None),
        ("1.234", None),
        ("1e3", None),
        ("99999999", None),
        ("ten", None),
        ("", None),
    ],
)
def test_dollars_are_read_as_people_write_them(typed: str, cents: int | None) -> None:
    assert amount_cents(typed) == cents


@pytest.mark.parametrize(
    ("item", "wrong"),
    [
        pytest.param((CREDIT, "3"), [], id="fine"),
        pytest.param((CREDIT, "0"), [f"item-{CREDIT}"], id="none"),
        pytest.param((CREDIT, "two"), [f"item-{CREDIT}"], id="a word"),
        pytest.param((CUSTOM, "0.50"), [f"item-{CUSTOM}"], id="too little"),
        pytest.param((LAB, "10"), [], id="a part of the budget"),
        pytest.param(("gone__frame", "1"), ["item-gone__frame"], id="no longer offered"),
        pytest.param((PRINT, "1"), [f"answer-{PRINT}-0"], id="a question without answer"),
    ],
)
def test_the_first_step_names_the_field(item: tuple[str, str], wrong: list[str]) -> None:
    assert fields(step_problems(form(item), shop(), "en")) == wrong


def test_an_add_on_of_a_film_that_is_not_pledged_to_says_what_it_waits_for() -> None:
    given = form((CHAIR, "1"), (PIN, "1"), (STICKER, "1"))

    (problem,) = standing_problems(given, shop(), "en")

    assert problem.field == f"item-{PIN}"
    assert "a pledge to The Long Take" in problem.message
    assert priced(given, shop()) == [CHAIR, STICKER]
    assert standing_problems(form((CREDIT, "1"), (PIN, "1")), shop(), "en") == ()


def test_a_price_does_not_wait_for_an_answer_but_a_start_does() -> None:
    given = form((PRINT, "1"), **{f"answer.{PRINT}.Your frame number": "eleven"})

    quoted = quote_body(given, shop(), "en")["items"]
    started = start_body(given, shop(), "en")["items"]

    assert quoted == [{"id": PRINT, "quantity": 1, "fields": {"Your frame number": "1"}}]
    assert started[0]["fields"] == {"Your frame number": "eleven"}


@pytest.mark.parametrize(("given", "is_wrong"), [("1147", False), ("eleven", True), ("", True)])
def test_a_question_about_a_number_wants_one(given: str, is_wrong: bool) -> None:
    asked = form((PRINT, "1"), **{f"answer.{PRINT}.Your frame number": given})

    assert bool(step_problems(asked, shop(), "es")) is is_wrong


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        pytest.param({}, [], id="complete"),
        pytest.param({"address2": ""}, [], id="no second line"),
        pytest.param({"email": "noor@halfmoon"}, ["email"], id="half an email"),
        pytest.param({"email": ""}, ["email"], id="no email"),
        pytest.param({"postalCode": "8710"}, ["postalCode"], id="four digits"),
        pytest.param({"postalCode": "87104-1234"}, [], id="nine digits"),
        pytest.param({"province": "New Mexico"}, [], id="a state by its name"),
        pytest.param({"province": "Neverland"}, ["province"], id="no state"),
        pytest.param({"province": ""}, ["province"], id="state missing"),
        pytest.param(
            {"country": "ES", "province": "", "postalCode": "28004"}, [], id="Spain has no states"
        ),
        pytest.param(
            {"name": "", "city": "", "address1": ""}, ["name", "address1", "city"], id="in order"
        ),
    ],
)
def test_an_address_is_complete_or_says_what_is_missing(
    changes: dict[str, str], wrong: list[str]
) -> None:
    given = form((PRINT, "1"), **{**ADDRESS, **changes})

    assert fields(start_problems(given, shop(), "en", needs_consent=False)) == wrong


def test_nobody_is_asked_for_an_address_when_nothing_is_posted() -> None:
    given = form((CREDIT, "1"), email="noor@halfmoon.example")

    assert start_problems(given, shop(), "en", needs_consent=False) == ()
    assert not is_posted(given, shop())
    assert is_posted(form((CREDIT, "1"), (STICKER, "1")), shop())


def test_where_somebody_lives_is_asked_only_where_the_tax_depends_on_it() -> None:
    taxed = form((CREDIT, "1"), email="a@b.example", **{"taxed-by-place": "1"})
    known = form(
        (CREDIT, "1"), email="a@b.example", postalCode="87104", province="NM", country="US"
    )

    assert fields(start_problems(taxed, shop(), "en", needs_consent=False)) == [
        "postalCode",
        "province",
        "country",
    ]
    body = quote_body(known, shop(), "en")
    assert body["billingAddress"] == {"province": "NM", "postalCode": "87104", "country": "US"}
    assert "shippingAddress" not in body


@pytest.mark.parametrize(
    ("ticked", "expected", "is_given"),
    [
        pytest.param(consent_value(BUNDLE, "en"), BUNDLE.totals.amount, True, id="for this sum"),
        pytest.param(consent_value(BUNDLE, "en"), 1, False, id="for another sum"),
        pytest.param(
            consent_value(BUNDLE, "es"), BUNDLE.totals.amount, False, id="in another language"
        ),
        pytest.param(
            consent_value(BUNDLE, "en").replace(CONSENT_VERSION, "2026-11"),
            BUNDLE.totals.amount,
            False,
            id="of yesterday's sentences",
        ),
        pytest.param("", 0, False, id="not ticked"),
        pytest.param("on", 0, False, id="a box of somebody else's"),
    ],
)
def test_consent_is_for_the_sums_that_were_shown(
    ticked: str, expected: int, is_given: bool
) -> None:
    given = form(
        (CREDIT, "1"), email="a@b.example", consent=ticked, expected=str(expected), step="card"
    )

    wrong = fields(start_problems(given, shop(), "en", needs_consent=True))

    assert wrong == ([] if is_given else ["consent"])


@pytest.mark.parametrize(
    ("written", "code"),
    [("nm", "NM"), (" New mexico ", "NM"), ("District of Columbia", "DC"), ("ZZ", "ZZ")],
)
def test_a_state_may_be_written_either_way(written: str, code: str) -> None:
    assert state_code(written) == code
