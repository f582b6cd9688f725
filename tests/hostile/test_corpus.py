"""Whatever is sent, the answer is the one of the table, and never our own fault."""

import re

import pytest

from tests.hostile.case import Case
from tests.hostile.corpus import CASES
from tests.hostile.stage import Stage
from tests.hostile.table import PAGE, page

pytestmark = pytest.mark.stack

# What an answer must never tell: our code, our SQL, our vendors, our machines.
INSIDE = re.compile(
    rb"Traceback|File \"|asyncpg|litestar|msgspec\.|SELECT |psql|uvicorn|/services/"
)
ALWAYS = ("x-content-type-options", "content-security-policy", "referrer-policy", "cache-control")


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_answer_is_the_one_of_the_table(stage: Stage, case: Case) -> None:
    answer = stage.play(case)

    assert (answer.status, answer.error) == (case.status, case.error), answer.body[:500]
    assert not set(ALWAYS) - set(answer.headers), answer.headers
    if case.status >= 400:
        assert not INSIDE.search(answer.body), answer.body
        assert answer.headers["cache-control"] == "private, no-store"
    if case.status == 405:
        assert answer.headers.get("allow"), answer.headers


def test_the_page_of_proof_says_what_the_cases_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.hostile.table"
