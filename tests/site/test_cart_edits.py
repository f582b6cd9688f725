"""What the buttons of a cart do."""

import pytest
from msgspec.structs import replace

from services.site.cart.edits import Edited, edit
from services.site.cart.form import CartForm
from tests.site.carts import (
    CHAIR,
    CREDIT,
    CUSTOM,
    HALL,
    HAND,
    PIN,
    PRINT,
    SHIRT,
    STICKER,
    form,
    shop,
)


def held(edited: Edited | CartForm) -> list[tuple[str, str]]:
    given = edited.form if isinstance(edited, Edited) else edited
    return [(each.item_id, each.typed) for each in given.items]


def test_a_reward_comes_in_once_and_a_stackable_one_more_each_time() -> None:
    assert held(edit(form(add=CREDIT), shop())) == [(CREDIT, "1")]
    assert held(edit(form((CREDIT, "2"), add=CREDIT), shop())) == [(CREDIT, "3")]
    assert held(edit(form((PRINT, "1"), add=PRINT), shop())) == [(PRINT, "1")]


def test_a_film_that_takes_one_reward_replaces_its_own_and_no_other_films() -> None:
    edited = edit(form((CREDIT, "2"), (HAND, "1"), add=CHAIR), shop())

    assert held(edited) == [(CREDIT, "2"), (CHAIR, "1")]
    assert edited.note.kind == "replaced"
    assert edited.note.replaced
    assert edited.note.replaced.item_id == HAND


def test_an_amount_comes_in_as_it_was_typed() -> None:
    assert held(edit(form(add=CUSTOM, amount=" $12.50 "), shop())) == [(CUSTOM, "$12.50")]
    assert held(edit(form((CUSTOM, "5"), add=CUSTOM, amount="7"), shop())) == [(CUSTOM, "7")]


def test_an_add_on_comes_in_the_variant_of_its_menu_and_one_variant_only() -> None:
    given = form((PRINT, "1"), add=SHIRT, **{"variant.shirt": "small"})
    first = edit(given, shop())
    again = replace(first.form, button=("add", SHIRT), variants={"shirt": "large"})

    assert held(first) == [(PRINT, "1"), (f"{SHIRT}__variant__small", "1")]
    assert held(edit(again, shop())) == [(PRINT, "1"), (f"{SHIRT}__variant__large", "1")]


@pytest.mark.parametrize(
    "item_id",
    ["nobodys__frame", f"{HALL}__no-such", "addon__none", SHIRT, f"{PIN}__variant__red", "x"],
)
def test_what_is_not_for_sale_does_not_come_in(item_id: str) -> None:
    edited = edit(form((CREDIT, "1"), add=item_id), shop())

    assert held(edited) == [(CREDIT, "1")]
    assert edited.note.kind == "gone"


def test_the_menu_of_everything_else_says_what_to_add() -> None:
    assert held(edit(form((CREDIT, "1"), add="", pick=CHAIR), shop())) == [
        (CREDIT, "1"),
        (CHAIR, "1"),
    ]
    assert held(edit(form((CREDIT, "1"), add="", pick=""), shop())) == [(CREDIT, "1")]


@pytest.mark.parametrize(
    ("before", "button", "after"),
    [
        pytest.param("2", "more", "3", id="more"),
        pytest.param("2", "less", "1", id="less"),
        pytest.param("1", "less", "1", id="a reward stays"),
        pytest.param("many", "more", "many", id="what is no number stays as typed"),
    ],
)
def test_the_steppers_step(before: str, button: str, after: str) -> None:
    assert held(edit(form((CREDIT, before), **{button: CREDIT}), shop())) == [(CREDIT, after)]


def test_an_add_on_of_which_none_is_left_goes_out() -> None:
    assert held(edit(form((CREDIT, "1"), (STICKER, "1"), less=STICKER), shop())) == [(CREDIT, "1")]


def test_one_thing_can_be_taken_out_and_so_can_a_whole_film() -> None:
    everything = ((CREDIT, "1"), (CUSTOM, "5"), (CHAIR, "1"), (PIN, "1"), (STICKER, "1"))

    assert held(edit(form(*everything, remove=CUSTOM), shop()))[1] == (CHAIR, "1")
    assert held(edit(form(*everything, remove="the-long-take"), shop())) == [
        (CHAIR, "1"),
        (STICKER, "1"),
    ]


def test_what_went_with_a_films_last_reward_goes_with_it() -> None:
    given = form((CREDIT, "1"), (CHAIR, "1"), (PIN, "1"), (STICKER, "1"), remove=CREDIT)

    assert held(edit(given, shop())) == [(CHAIR, "1"), (STICKER, "1")]


def test_what_nobody_offers_any_more_can_still_be_taken_out() -> None:
    assert held(edit(form(("gone__frame", "1"), remove="gone__frame"), shop())) == []


def test_next_and_back_change_the_step() -> None:
    there = edit(form((CREDIT, "1"), do="next"), shop()).form
    back = edit(replace(there, button=("do", "back")), shop()).form

    assert (there.step, back.step) == ("card", "cart")
