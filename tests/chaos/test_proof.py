"""The page of proofs is written piece by piece, and every promise has its piece."""

import re
from datetime import date
from typing import Any

import pytest

from deploy.chaos import experiments, proof
from deploy.local.cli.chaos import PROOF

MACHINE = {
    "cores": 2,
    "load": 0.5,
    "memory_gb": 8.0,
    "system": "Linux",
    "python": "3.11",
    "postgres": "18.4",
    "nats": "2.15",
    "valkey": "9.1",
    "fsync_ms": 0.2,
}
TODAY = date(2026, 12, 1)


def played(name: str, *, figure: float = 0.0, violations: tuple[str, ...] = ()) -> dict[str, Any]:
    measure = {"what": "people lost", "figure": figure, "unit": "of 7", "target": 0.0, "ok": True}
    result = {
        "id": name,
        "says": f"what {name} says",
        "seconds": 61.5,
        "faults": 3,
        "faults_by_kind": {"SIGKILL nats": 3},
        "measures": [measure],
        "violations": list(violations),
        "ok": not violations,
    }
    return {"machine": MACHINE, "seed": 7, "experiments": [result]}


def page_of(*documents: dict[str, Any]) -> str:
    page = ""
    for each in documents:
        page = proof.with_experiments(page, each, on=TODAY)
    return page


def test_an_experiment_replaces_its_own_section_and_no_other() -> None:
    page = page_of(played("E-5"), played("E-4", figure=1), played("E-12.1"))

    again = proof.with_experiments(page, played("E-4", violations=("I-4: twice",)), on=TODAY)

    assert page.count("## E-4: ") == again.count("## E-4: ") == 1
    assert "- I-4: twice" not in page
    assert "- I-4: twice" in again
    assert "| E-4 | what E-4 says | broken | 61.5 |" in again
    assert [line for line in page.splitlines() if "E-5" in line] == [
        line for line in again.splitlines() if "E-5" in line
    ]


def test_sections_stand_in_the_order_of_the_experiments() -> None:
    page = page_of(played("E-12.1"), played("E-3"), played("E-12"), played("E-4.1"))

    headings = [line for line in page.splitlines() if line.startswith("## ")]

    assert [line.split(":")[0][3:] for line in headings] == ["E-3", "E-4.1", "E-12", "E-12.1"]


def test_writing_the_same_again_changes_nothing() -> None:
    page = page_of(played("E-3"), played("E-9"))

    assert proof.with_experiments(page, played("E-3"), on=TODAY) == page


@pytest.mark.parametrize(
    ("failures", "said"), [(0, "All 118 tests passed"), (2, "**2 failed** of 118 tests")]
)
def test_the_suite_has_a_section_of_its_own(failures: int, said: str) -> None:
    counts = {"tests": 120, "failures": failures, "errors": 0, "skipped": 2}

    page = proof.with_suite(page_of(played("E-3")), MACHINE, counts=counts, seconds=90, on=TODAY)

    assert f"{said}, 2 were skipped, in 1.5 minutes." in page
    assert page.index("## The suite") < page.index("## E-3: ")
    assert proof.with_experiments(page, played("E-3"), on=TODAY) == page


def test_every_promise_has_its_piece_and_was_kept() -> None:
    page = PROOF.read_text(encoding="utf-8")

    for name in experiments.names():
        assert f"| {name} | {experiments.load(name).says} | kept | " in page
    rows = re.findall(r"^\| (E-[\d.]+|[a-z]+) \| .* \| kept \| ", page, re.MULTILINE)
    assert sorted(rows) == sorted(experiments.names())
