"""Names and words: the chassis knows no business, modules say what is in them."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidy.source import ROOT, Source, assert_tidy, findings, parsed, python_files

DOMAIN_WORDS = re.compile(
    r"\b(pledg(e|es|ed|ing)|tiers?|campaigns?|supporters?|backers?|donors?|creators?|films?"
    r"|charg(e|es|ed|ing)|settlements?|reservations?|carts?|checkouts?|deadlines?|goals?"
    r"|crowdfund\w*)\b",
    re.IGNORECASE,
)
# `lock_pledge` and `PledgeGuard` are two words each.
WITHIN_A_NAME = re.compile(r"_|(?<=[a-z])(?=[A-Z])")
# Words of crowdfunding in what the chassis borrows from contracts, not in what it says.
CONTRACTS_IMPORT = re.compile(r"^\s*from contracts\b.*$|^\s*import contracts\b.*$", re.MULTILINE)
# Applied files are never edited, not even their comments.
WRITTEN_BEFORE = {"services/chassis/storage/sql/platform/0001_clock.sql": ("deadline", "pledge")}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base"}
BASES = ("contracts/events/base.py",)
# The service has its name from the architecture; the others are older than the rule.
# Each is inside a package, so nothing is shadowed.
SHADOWING = {
    "services/site/__init__.py",
    "services/site/publishing/calendar.py",
    "services/site/routes/site.py",
}
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def no_business(path: str, text: str) -> Iterator[str]:
    """The chassis says nothing of pledges, tiers, campaigns or supporters."""
    kept = CONTRACTS_IMPORT.sub("", text)
    for number, line in enumerate(kept.splitlines(), 1):
        for found in DOMAIN_WORDS.finditer(WITHIN_A_NAME.sub(" ", line)):
            if found[0].lower() not in WRITTEN_BEFORE.get(path, ()):
                yield f"{path}:{number}: says {found[0]!r}"


def telling_names(source: Source) -> Iterator[str]:
    """A module is named for what is in it, and for nothing of the standard library."""
    path = Path(source.path)
    name = path.parent.name if path.stem == "__init__" else path.stem
    if name in VAGUE and source.path not in BASES:
        yield f"{source.path}:1: {name} says nothing"
    is_taken = name in sys.stdlib_module_names and not name.startswith("__")
    if is_taken and source.path not in SHADOWING:
        yield f"{source.path}:1: {name} is a module of the standard library"


def opened_by_a_sentence(source: Source) -> Iterator[str]:
    """Every module opens with one line that says what lives there."""
    first = (ast.get_docstring(source.tree) or "").partition("\n")[0]
    if not first:
        yield f"{source.path}:1: no opening line"


def no_leftovers(source: Source) -> Iterator[str]:
    """What is not done is an issue, not a comment."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if LEFTOVERS.search(line):
            yield f"{source.path}:{number}: {line.strip()}"


def no_commented_code(source: Source) -> Iterator[str]:
    """Old code lives in the history."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.match(r"\s*#\s*(return |import |from \w+ import |if .+:$|await |\w+ = .+\($)", line):
            yield f"{source.path}:{number}: {line.strip()}"


OURS = python_files("contracts", "services", "deploy")
TESTS = tuple(each for each in python_files("tests") if not each.path.startswith("tests/tidy/"))


def test_the_chassis_says_no_word_of_crowdfunding() -> None:
    texts = [
        *((source.path, source.text) for source in python_files("services/chassis")),
        *(
            (path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
            for path in (ROOT / "services/chassis").rglob("*.sql")
        ),
    ]
    found = [finding for path, text in texts for finding in no_business(path, text)]

    assert_tidy(found, "Name the thing by what it is to the running gear, or move it.")


def test_modules_have_telling_names() -> None:
    assert_tidy(findings(telling_names, OURS), "See style.md 2.7.")


def test_every_module_opens_with_a_sentence() -> None:
    assert_tidy(findings(opened_by_a_sentence, (*OURS, *TESTS)), "Say what lives there.")


def test_nothing_is_left_to_do_in_a_comment() -> None:
    assert_tidy(findings(no_leftovers, (*OURS, *TESTS)), "Write an issue, or do it.")


def test_no_code_is_commented_out() -> None:
    assert_tidy(findings(no_commented_code, OURS), "Delete it.")


@pytest.mark.parametrize(
    ("rule", "path", "bad", "good"),
    [
        pytest.param(telling_names, "services/site/helpers.py", "x = 1", None, id="a vague name"),
        pytest.param(
            telling_names, "services/site/email.py", "x = 1", None, id="a name that is taken"
        ),
        pytest.param(
            opened_by_a_sentence, "contracts/x.py", "x = 1", '"""What x is."""', id="opening"
        ),
        pytest.param(no_leftovers, "contracts/x.py", "x = 1  # TODO", "x = 1", id="leftovers"),
        pytest.param(
            no_commented_code,
            "contracts/x.py",
            "# return x",
            "# Return x as it was: the caller compares.",
            id="commented code",
        ),
    ],
)
def test_the_rule_finds_what_it_forbids(
    rule: object, path: str, bad: str, good: str | None
) -> None:
    assert callable(rule)

    assert list(rule(parsed(path, bad)))
    assert good is None or not list(rule(parsed(path, good)))


def test_the_chassis_rule_reads_words_and_forgives_imports() -> None:
    path = "services/chassis/x.py"

    assert list(no_business(path, "# Locks the pledge first.")) == [f"{path}:1: says 'pledge'"]
    assert list(no_business(path, "from contracts.events.pledges import X, Campaign")) == []
    assert list(no_business(path, "# A frontier, a cartel, a recharger.")) == []
    assert list(no_business(path, "await lock_pledge(conn)")) == [f"{path}:1: says 'pledge'"]
    assert list(no_business(path, "class PledgeGuard:")) == [f"{path}:1: says 'Pledge'"]
