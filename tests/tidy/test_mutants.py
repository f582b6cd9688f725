"""No mutant rots: its patch fits the code as it is, and the tests it names are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.mutants import catalogue
from deploy.mutants.catalogue import DoesNotFit, Mutant, Patch
from deploy.mutants.trials import Ended, judged
from tests.tidy.source import ROOT, functions, parsed

MUTANTS = catalogue.mutants()
FEWEST = 15
FUNCTION = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\(.*?\$\$(.*?)\$\$", re.DOTALL)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutants_patch_fits_exactly_once(mutant: Mutant) -> None:
    changed = catalogue.apply(mutant)

    assert {path.relative_to(ROOT).as_posix() for path in changed} == {
        each.file for each in mutant.patches
    }
    for path, text in changed.items():
        if path.suffix == ".py":
            parsed(path.as_posix(), text)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_tests_that_a_mutant_names_exist(mutant: Mutant) -> None:
    assert mutant.noticed_by
    for test in mutant.noticed_by:
        file, _, name = test.partition("::")
        source = parsed(file, (ROOT / file).read_text(encoding="utf-8"))

        assert name.startswith("test_")
        assert name in {each.name for each in functions(source)}, test


def test_a_mutant_breaks_the_product_and_never_a_test() -> None:
    files = {each.file for mutant in MUTANTS for each in mutant.patches}

    assert [file for file in files if not file.startswith(("contracts/", "services/"))] == []
    assert len(MUTANTS) >= FEWEST


def replaced_later(mutant: Mutant) -> Iterator[str]:
    """Return the functions a mutant breaks in a migration, though a later one writes them anew."""
    for path, broken in catalogue.apply(mutant).items():
        if path.suffix != ".sql":
            continue
        before = FUNCTION.findall(path.read_text(encoding="utf-8"))
        changed = {name for name, body in before if body not in broken}
        for later in sorted(path.parent.glob("*.sql")):
            if later.name > path.name:
                text = later.read_text(encoding="utf-8")
                anew = {name for name, _ in FUNCTION.findall(text)}
                yield from (f"{later.name}: {each}" for each in sorted(anew & changed))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_breaks_the_function_that_is_used(mutant: Mutant) -> None:
    assert list(replaced_later(mutant)) == []


def test_a_function_that_is_written_anew_later_is_noticed() -> None:
    patch = Patch(
        file="services/settlement/migrations/0004_recovery.sql",
        before="it has its PaymentIntent for ever",
        after="it may have another",
    )
    mutant = Mutant(name="x", says="x", patches=(patch,), noticed_by=("x.py::test_x",))

    assert list(replaced_later(mutant)) == ["0005_after_the_charge.sql: charges_move_forward"]


@pytest.mark.parametrize(
    ("text", "times"),
    [pytest.param("a b", 0, id="rewritten"), pytest.param("x = 1\nx = 1\n", 2, id="ambiguous")],
)
def test_a_patch_that_does_not_fit_once_is_a_failure(text: str, times: int) -> None:
    patch = Patch(file="contracts/money.py", before="x = 1\n", after="x = 2\n")

    with pytest.raises(DoesNotFit, match=f"{times} times"):
        catalogue.patched(text, patch)
    assert catalogue.patched("x = 1\n", patch) == "x = 2\n"


def test_patches_of_one_file_follow_each_other(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("a = 1\n")
    steps = tuple(
        Patch(file="x.py", before=before, after=after)
        for before, after in (("a = 1\n", "a = 2\n"), ("a = 2\n", "a = 3\n"))
    )
    mutant = Mutant(name="x", says="x", patches=steps, noticed_by=("x.py::test_x",))

    assert list(catalogue.apply(mutant, tmp_path).values()) == ["a = 3\n"]
    assert (tmp_path / "x.py").read_text() == "a = 1\n"


@pytest.mark.parametrize(
    ("ended", "verdict"),
    [
        pytest.param([("t::a", "noticed"), ("t::b[1]", "noticed")], "caught", id="both noticed"),
        pytest.param(
            [("t::a", "noticed"), ("t::b[1]", "passed"), ("t::b[2]", "noticed")],
            "caught",
            id="one case is enough",
        ),
        pytest.param([("t::a", "noticed"), ("t::b", "passed")], "survived", id="one did not"),
        pytest.param([("t::a", "noticed"), ("t::bc", "noticed")], "survived", id="another's name"),
        pytest.param([("t::a", "noticed"), ("t::b", "broke")], "broken", id="it fell over"),
        pytest.param([("pytest", "broke")], "broken", id="nothing was collected"),
    ],
)
def test_a_mutant_is_caught_when_every_test_it_names_noticed(
    ended: list[tuple[str, str]], verdict: str
) -> None:
    mutant = Mutant(
        name="x",
        says="x",
        patches=(Patch(file="x.py", before="a", after="b"),),
        noticed_by=("t::a", "t::b"),
    )

    assert judged(mutant, [Ended(test, how, "why") for test, how in ended])[0] == verdict
