"""What a cart's form says: pairs in, one cart out; odd input is left out or refused."""

import pytest

from contracts.refusals import InputRefused
from services.site.cart.form import Chosen, read_form
from tests.site.carts import CUSTOM, PIN, PRINT


def test_items_answers_and_contact_are_read() -> None:
    form = read_form(
        [
            (f"item.{PRINT}", "2"),
            (f"item.{CUSTOM}", " 12.50 "),
            (f"answer.{PRINT}.Your frame number", " 1147 "),
            ("email", " noor@halfmoon.example"),
            ("postalCode", "87104"),
            ("add", PIN),
        ]
    )

    assert form.items == (
        Chosen(item_id=PRINT, typed="2"),
        Chosen(item_id=CUSTOM, typed="12.50"),
    )
    assert form.answers == {PRINT: {"Your frame number": "1147"}}
    assert form.contact["email"] == "noor@halfmoon.example"
    assert form.button == ("add", PIN)


def test_a_thing_that_is_there_twice_is_there_twice_as_often_but_an_amount_is_replaced() -> None:
    prints, support = f"item.{PRINT}", f"item.{CUSTOM}"
    form = read_form([(prints, "2"), (support, "5"), (prints, "3"), (support, "7")])

    assert [each.typed for each in form.items] == ["5", "7"]


@pytest.mark.parametrize(
    ("fields", "tip"),
    [
        pytest.param({"tip-was": "5", "tip": "5", "tip-stop": "5"}, 5, id="nothing moved"),
        pytest.param({"tip-was": "5", "tip": "5", "tip-stop": "0"}, 0, id="a stop"),
        pytest.param({"tip-was": "5", "tip": "7", "tip-stop": "5"}, 7, id="the slider"),
        pytest.param({"tip-was": "7", "tip": "7"}, 7, id="between two stops"),
        pytest.param({"tip-was": "7", "tip": "7", "tip-stop": "10"}, 10, id="from between"),
        pytest.param({"tip": "0"}, 0, id="kept on the device"),
        pytest.param({}, None, id="nothing said"),
        pytest.param({"tip": "many"}, None, id="no number"),
    ],
)
def test_the_tip_is_whichever_control_was_moved(fields: dict[str, str], tip: int | None) -> None:
    assert read_form(list(fields.items())).tip_percent == tip


def test_where_a_visitor_came_from_is_in_the_form_else_in_the_page_it_stood_on() -> None:
    pairs = [("ref", "zine"), ("utm_source", "")]

    form = read_form(pairs, referred=[("ref", "other"), ("utm_source", "mail"), ("x", "y")])

    assert form.attribution == {"ref": "zine", "utm_source": "mail"}


def test_a_link_that_was_mistyped_is_in_nobodys_way() -> None:
    pairs = [("ref", "zine\x00\n"), ("utm_source", "x" * 9_000), ("utm_term", "\ud800")]

    form = read_form(pairs, referred=[("utm_term", "\x07")])

    assert form.attribution == {"ref": "zine", "utm_source": "x" * 200}


@pytest.mark.parametrize(
    ("pairs", "button"),
    [
        pytest.param([], ("do", "update"), id="Enter in a field"),
        pytest.param([("do", "pledge")], ("do", "pledge"), id="a deed"),
        pytest.param([("do", "drop table")], ("do", "update"), id="no deed of ours"),
        pytest.param([("less", PIN), ("do", "pledge")], ("less", PIN), id="never two at once"),
    ],
)
def test_one_button_is_pressed(pairs: list[tuple[str, str]], button: tuple[str, str]) -> None:
    assert read_form(pairs).button == button


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param([("email", "a\r\nBcc: b@c.example")], id="a forged header"),
        pytest.param([("city", "\x00")], id="NUL"),
        pytest.param([("name\x1b", "x")], id="an escape in a name"),
        pytest.param([("city", "a" * 501)], id="a long text"),
        pytest.param([("a" * 401, "x")], id="a long name"),
        pytest.param([(f"item.{n}", "1") for n in range(101)], id="a hundred and one things"),
    ],
)
def test_what_no_field_of_ours_can_hold_is_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(InputRefused):
        read_form(pairs)


@pytest.mark.parametrize(
    "pairs",
    [
        [("item.", "1"), ("answer.", "x"), ("variant.", "x"), ("seen.", "1")],
        [("expected", "99999999999"), ("seen.a", "-1"), ("order", "nobody's"), ("unknown", "x")],
        [("option", "by-owl"), ("expected", "１２"), ("step", "third"), ("key", "k" * 500)],
    ],
)
def test_what_means_nothing_is_left_out(pairs: list[tuple[str, str]]) -> None:
    form = read_form(pairs)

    assert (form.items, form.answers, form.variants, form.seen) == ((), {}, {}, {})
    assert (form.expected_cents, form.left_order, form.step) == (None, "", "cart")
    assert form.option == ""
    assert len(form.key) <= 100
