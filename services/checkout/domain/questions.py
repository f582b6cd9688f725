"""What a tier asks of its supporter: which answers it takes, and how they are kept. Pure."""

import re
from collections.abc import Mapping, Sequence

from contracts.campaign import TierField
from contracts.refusals import InputRefused

ANSWER_LENGTH_MAX = 500
NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.,][0-9]{1,6})?")
DIGITS = re.compile(r"[0-9](?:[ -]?[0-9]){12,18}")

Answer = str | int


def answers_to(
    questions: Sequence[TierField], given: Mapping[str, Answer], *, field: str
) -> dict[str, str]:
    """Return the answers as they are kept, by the question's name; `field` is whom to blame.

    Refuses an answer to what was not asked, one that is missing, and one of another kind.
    """
    asked = {question.name: question for question in questions}
    for name in given:
        if name not in asked:
            raise _refused(field, name, "is not asked", "There is no such question.")
    answers: dict[str, str] = {}
    for question in questions:
        answer = str(given.get(question.name, "")).strip()
        if answer:
            _require_fitting(question, answer, field)
            answers[question.name] = answer
        elif question.is_required:
            raise _refused(field, question.name, "needed", f"“{question.name}” is needed.")
    return answers


def _require_fitting(question: TierField, answer: str, field: str) -> None:
    if question.kind == "choice" and answer not in question.choices:
        problem = f"one of: {', '.join(question.choices)}"
    elif question.kind == "number" and not NUMBER.fullmatch(answer):
        problem = "a number"
    elif len(answer) > ANSWER_LENGTH_MAX:
        problem = f"at most {ANSWER_LENGTH_MAX} characters"
    elif has_card_number(answer):
        problem = "no card number"
    else:
        return
    raise _refused(field, question.name, problem, f"“{question.name}” takes {problem}.")


def has_card_number(text: str) -> bool:
    """Tell whether a card's number is in the text: we never keep one, wherever it is typed.

    13 to 19 digits, with blanks or hyphens, whose check digit (Luhn) fits.
    """
    return any(_fits(re.sub(r"\D", "", found[0])) for found in DIGITS.finditer(text))


def _fits(number: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def _refused(field: str, name: str, problem: str, message: str) -> InputRefused:
    return InputRefused("invalid_answer", message, fields={f"{field}.{name}": problem})
