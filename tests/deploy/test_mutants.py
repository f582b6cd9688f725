"""Trying a mutant: which failures count, what is said of them, and what is kept on the page."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.local.cli import pool
from deploy.local.layout import ROOT
from deploy.mutants import page, trials
from deploy.mutants.catalogue import Mutant, Patch
from deploy.mutants.trials import Result

CASES = """
import time
import pytest
import product

def test_untrue(): assert product.answer() == 42
def test_true(): assert product.answer() == 41
def test_falls_over(): product.missing()
def test_its_own_assert(): product.checked(0)
def test_nothing_raised():
    with pytest.raises(ValueError): product.answer()
def test_other_words():
    with pytest.raises(ZeroDivisionError, match="other words"): 1 / 0
@pytest.fixture
def broken(): assert False
def test_fixture(broken): pass
"""
PRODUCT = """
def answer(): return 41
def checked(x): assert x
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A product of three lines with tests of every kind, and pytest's side of a trial."""
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "product.py").write_text(PRODUCT)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_x.py").write_text(CASES)
    return tmp_path


def a_mutant(name: str) -> Mutant:
    patch = Patch(file="x.py", before="a", after="b")
    return Mutant(name=name, says=f"what {name} does", patches=(patch,), noticed_by=("t.py::test",))


def a_result(name: str, *, verdict: trials.Verdict = "caught", seconds: float = 2.0) -> Result:
    return Result(mutant=a_mutant(name), verdict=verdict, seconds=seconds, why="")


def test_only_what_a_test_itself_finds_untrue_is_noticed(tree: Path) -> None:
    ended = trials.run(tree, ["tests/test_x.py"])

    assert {each.test.partition("::")[2]: each.verdict for each in ended} == {
        "test_untrue": "noticed",
        "test_true": "passed",
        "test_falls_over": "broke",
        "test_its_own_assert": "broke",
        "test_nothing_raised": "noticed",
        "test_other_words": "noticed",
        "test_fixture": "broke",
    }


def test_what_cannot_be_collected_has_noticed_nothing(tree: Path) -> None:
    (tree / "product.py").write_text("this is no Python")

    (ended,) = trials.run(tree, ["tests/test_x.py"])

    assert (ended.test, ended.verdict) == ("pytest", "broke")


def test_a_trial_replaces_its_own_row_and_forgets_who_is_gone() -> None:
    known = [a_mutant(name) for name in ("one", "two", "three")]
    before = page.text([a_result("two"), a_result("gone"), a_result("one")], known)

    after = page.text([a_result("two", verdict="survived", seconds=9)], known, before)

    assert "**2 of 3 caught.**" in before
    assert "**1 of 3 caught.**" in after
    assert "| `one` | what one does | caught | 2 |" in after
    assert "| `two` | what two does | survived | 9 |" in after
    assert after.index("`one`") < after.index("`two`")
    assert "gone" not in after


def test_a_mutant_of_nobody_is_a_wrong_usage_and_all_are_listed() -> None:
    listed = CliRunner().invoke(pool, ["mutants", "--list"])

    assert CliRunner().invoke(pool, ["mutants", "nobody"]).exit_code == 2
    assert listed.exit_code == 0
    assert "ack-before-commit" in listed.output
