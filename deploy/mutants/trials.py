"""Trying a mutant: a copy of the tree, the fault in it, the named tests, and what they said.

The working tree is only read. Every trial has a copy of its own, so that nothing a run
leaves behind, compiled files least of all, reaches the next one.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import cache_from_source
from pathlib import Path
from typing import Literal

import msgspec

from deploy.local.layout import ROOT
from deploy.mutants import catalogue
from deploy.mutants.catalogue import Mutant

SECONDS_MAX = 300
"""How long the tests of one trial may take."""

# What runs leave behind. Compiled files are kept, since they spare each copy the compiling;
# but pytest's own remember the folder they were compiled in.
LEFT_BEHIND = (".pytest_cache", ".hypothesis", ".verdicts", "*-pytest-*.pyc")

# How a test ended, as `verdicts` writes it. Not there, since pytest is not always installed.
OPTION = "--verdicts"
PASSED, NOTICED, BROKE = "passed", "noticed", "broke"

Verdict = Literal["caught", "survived", "broken"]


class Ended(msgspec.Struct, frozen=True):
    """How one test, or one case of it, ended."""

    test: str
    verdict: str
    why: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a mutant. `why` is the assertion that caught it, or what went wrong."""

    mutant: Mutant
    verdict: Verdict
    seconds: float
    why: str


class NotClean(Exception):
    """Tests fail without any fault in the tree: then they prove nothing with one."""


@contextmanager
def clean_copy(chosen: Sequence[Mutant], *, say: Callable[[str], None]) -> Iterator[Path]:
    """Yield a copy of the tree in which every test that is named passes, tried once.

    Raises `NotClean` with those that do not.
    """
    with tempfile.TemporaryDirectory(prefix="pool-mutants-") as folder:
        tree = Path(folder) / "clean"
        copy_tracked(tree)
        tests = catalogue.tests_of(chosen)
        say(f"{len(tests)} tests without a fault …")
        ended = run(tree, tests)
        missing = [test for test in tests if not cases_of(test, ended)]
        failed = [each for each in ended if each.verdict != PASSED]
        if missing or failed:
            words = [*missing, *(f"{each.test}: {each.why}" for each in failed)]
            raise NotClean("\n".join(["Without any fault these did not pass:", *words]))
        yield tree


def copy_tracked(tree: Path) -> None:
    """Copy what is tracked, or new and not ignored, with the environment that is there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            _copy(ROOT / name, tree / name)
            compiled = Path(cache_from_source(str(ROOT / name)))
            if name.endswith(".py") and compiled.is_file():
                _copy(compiled, Path(cache_from_source(str(tree / name))))
    (tree / ".venv").symlink_to(ROOT / ".venv")


def _copy(source: Path, target: Path) -> None:
    """Copy a file with its time: what is compiled from it fits only with that."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def attempt(mutant: Mutant, clean: Path) -> Result:
    """Try one mutant in a copy of its own."""
    began = time.monotonic()
    tree = clean.with_name(mutant.name)
    shutil.copytree(clean, tree, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    try:
        for path, text in catalogue.apply(mutant, tree).items():
            path.write_text(text, encoding="utf-8")
            Path(cache_from_source(str(path))).unlink(missing_ok=True)
        verdict, why = judged(mutant, run(tree, mutant.noticed_by))
    finally:
        shutil.rmtree(tree)
    return Result(mutant=mutant, verdict=verdict, seconds=time.monotonic() - began, why=why)


def run(tree: Path, tests: Sequence[str]) -> list[Ended]:
    """Run tests in a copy, by themselves; return how each ended."""
    said = tree / ".verdicts"
    command = [
        *(sys.executable, "-P", "-m", "pytest", "-q", "--no-header", "--tb=short"),
        *("-p", "deploy.mutants.verdicts", OPTION, str(said)),
        *("-p", "no:cacheprovider", *tests),
    ]
    environ = {**os.environ, "PYTHONPATH": str(tree)}
    said.touch()
    try:
        done = subprocess.run(
            command,
            cwd=tree,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [Ended("pytest", BROKE, f"no end within {SECONDS_MAX} s")]
    ended = [
        Ended(**json.loads(line)) for line in said.read_text(encoding="utf-8").splitlines() if line
    ]
    if not ended:
        last = next(iter(done.stdout.strip().splitlines()[-1:]), "")
        ended = [Ended("pytest", BROKE, f"ran no test ({done.returncode}): {last}")]
    return ended


def judged(mutant: Mutant, ended: Sequence[Ended]) -> tuple[Verdict, str]:
    """Return a mutant's verdict: caught if each test it names noticed it in one of its cases."""
    first = ""
    for test in mutant.noticed_by:
        cases = cases_of(test, ended)
        noticed = [each for each in cases if each.verdict == NOTICED]
        if noticed:
            first = first or noticed[0].why.strip().splitlines()[0]
            continue
        broke = [each for each in cases or ended if each.verdict == BROKE]
        if broke:
            return "broken", f"{test}: {broke[0].why}"
        return "survived", f"{test} passed" if cases else f"{test} did not run"
    return "caught", first


def cases_of(test: str, ended: Sequence[Ended]) -> list[Ended]:
    """Return how a test's cases ended; a test without parameters is its only case."""
    return [each for each in ended if each.test == test or each.test.startswith(f"{test}[")]
