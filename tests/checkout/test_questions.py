"""What a tier asks: which answers are kept, which are refused, and under which field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.campaign import TierField
from contracts.refusals import InputRefused
from services.checkout.domain.cart import WantedItem, understand
from services.checkout.domain.lines import tier_line
from services.checkout.domain.questions import ANSWER_LENGTH_MAX, answers_to, has_card_number
from tests.checkout.samples import a_tier

QUESTIONS = (
    TierField(name="Name in the credits", is_required=True),
    TierField(name="Frame", kind="number"),
    TierField(name="Size", kind="choice", choices=("S", "M")),
)
NAME = {"Name in the credits": "Zoë Ortega"}


def test_answers_are_kept_by_the_questions_name_and_without_blanks_around() -> None:
    given_answers = {"Size": "M", "Frame": 12, "Name in the credits": "  Zoë Ortega "}

    assert answers_to(QUESTIONS, given_answers, field="f") == {
        "Name in the credits": "Zoë Ortega",
        "Frame": "12",
        "Size": "M",
    }


def test_what_need_not_be_answered_may_be_left_out_or_empty() -> None:
    assert answers_to(QUESTIONS, {**NAME, "Size": "", "Frame": " "}, field="f") == NAME


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        pytest.param({}, "Name in the credits", id="needed"),
        pytest.param({"Name in the credits": "  "}, "Name in the credits", id="only blanks"),
        pytest.param({**NAME, "size": "M"}, "size", id="nobody asked"),
        pytest.param({**NAME, "Size": "XL"}, "Size", id="no choice"),
        pytest.param({**NAME, "Frame": "twelve"}, "Frame", id="no number"),
        pytest.param({**NAME, "Frame": "1e9"}, "Frame", id="no number people write"),
        pytest.param(
            {"Name in the credits": "x" * (ANSWER_LENGTH_MAX + 1)}, "Name in the credits", id="long"
        ),
        pytest.param(
            {"Name in the credits": "4242 4242 4242 4242"}, "Name in the credits", id="a card"
        ),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_by_its_question(
    answers: dict[str, str | int], field: str
) -> None:
    with pytest.raises(InputRefused) as refused:
        answers_to(QUESTIONS, answers, field="items[0].fields")

    assert refused.value.reason == "invalid_answer"
    assert list(refused.value.fields) == [f"items[0].fields.{field}"]
    assert "4242" not in str(refused.value.message)


def test_the_answers_are_a_part_of_the_line() -> None:
    tier = a_tier("frame", fields=QUESTIONS)
    cart = understand([WantedItem(id="film__frame", fields={**NAME, "Frame": 7})])
    ((choice,),) = cart.by_campaign.values()

    assert tier_line(choice, tier).answers == {**NAME, "Frame": "7"}


@pytest.mark.parametrize(
    ("text", "has_one"),
    [
        ("4242424242424242", True),
        ("my card is 4000-0000-0000-0341, thanks", True),
        ("378282246310005", True),
        ("4242424242424241", False),
        ("+49 30 1234567890", False),
        ("frame 1234", False),
        ("0" * 12, False),
    ],
)
def test_a_cards_number_is_known_by_its_check_digit(text: str, has_one: bool) -> None:
    assert has_card_number(text) is has_one


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=30) | st.integers(), max_size=5))
def test_no_answer_is_a_fault_of_ours(answers: dict[str, str | int]) -> None:
    try:
        kept = answers_to(QUESTIONS, answers, field="f")
    except InputRefused:
        return
    assert set(kept) <= {question.name for question in QUESTIONS}
