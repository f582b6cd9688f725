"""Nothing grows too large to be read in one go. What already has may only shrink."""

import re
from collections.abc import Iterator, Mapping

import msgspec
import pytest

from tests.tidy.source import (
    Source,
    assert_notices,
    assert_tidy,
    findings,
    functions,
    parsed,
    python_files,
)

LINE_MAX = 100
PRAGMA = re.compile(r"  # (noqa|type:) ?.*$")

# The ratchet: what is larger, and exactly how large. Whoever makes one smaller lowers its
# number or takes it out; never raise one, never add one without a reason a reviewer accepts.
LARGE_FILES: dict[str, int] = {
    "deploy/sandbox/stripe_api/sessions.py": 304,
}
LONG_FUNCTIONS: dict[str, int] = {
    # One person's way through a bundle, from the first page to the last.
    "tests/browser/test_a_bundle.py:test_a_bundle_by_mouse": 71,
    "tests/browser/test_a_bundle.py:test_a_bundle_by_keyboard_alone": 76,
}


class Limits(msgspec.Struct, frozen=True):
    """How long a file and a function may be; tests have tables of cases and whole stories."""

    file_lines: int
    function_lines: int


OF_CODE, OF_TESTS = Limits(300, 50), Limits(500, 60)


def limits_of(source: Source) -> Limits:
    return OF_TESTS if source.path.startswith("tests/") else OF_CODE


def short_files(source: Source, known: Mapping[str, int] = LARGE_FILES) -> Iterator[str]:
    """A file has at most 300 lines, of tests 500, or exactly what the ratchet says."""
    lines = source.text.count("\n")
    allowed = known.get(source.path, limits_of(source).file_lines)
    if lines > allowed:
        yield f"{source.path}:{lines}: {lines} lines, {allowed} are allowed"
    elif source.path in known and lines < allowed:
        yield f"{source.path}:{lines}: {lines} lines, the ratchet still says {allowed}"


def short_functions(source: Source, known: Mapping[str, int] = LONG_FUNCTIONS) -> Iterator[str]:
    """A function has at most 50 lines, of tests 60, or exactly what the ratchet says."""
    for function in functions(source):
        lines = (function.end_lineno or 0) - function.lineno + 1
        place = f"{source.path}:{function.name}"
        allowed = known.get(place, limits_of(source).function_lines)
        if lines > allowed:
            yield source.at(function, f"{function.name}: {lines} lines, {allowed} are allowed")
        elif place in known and lines < allowed:
            yield source.at(function, f"{function.name}: {lines}, the ratchet still says {allowed}")


def short_lines(source: Source) -> Iterator[str]:
    """A line has at most 100 characters, what it says to the linter not counted."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if len(PRAGMA.sub("", line)) > LINE_MAX:
            yield f"{source.path}:{number}: {len(line)} characters"


OURS = python_files("contracts", "services", "deploy", "tests")


def test_files_are_short() -> None:
    assert_tidy(findings(short_files, OURS), "Split it by noun, or by use case.")


def test_functions_are_short() -> None:
    assert_tidy(findings(short_functions, OURS), "Name a part of it and call it.")


def test_lines_are_short() -> None:
    assert_tidy(findings(short_lines, OURS), "100 characters fit beside a diff.")


def test_the_ratchet_names_what_is_there_and_too_large() -> None:
    paths = {each.path: each for each in OURS}
    places = {f"{path}:{each.name}" for path, source in paths.items() for each in functions(source)}

    assert set(LARGE_FILES) - set(paths) == set()
    assert set(LONG_FUNCTIONS) - places == set()
    assert [p for p, n in LARGE_FILES.items() if n <= limits_of(paths[p]).file_lines] == []


def test_the_ratchet_lets_nothing_grow_and_nothing_rest() -> None:
    path, text = "services/site/x.py", "def f():\n" + "    x = 1\n" * 59
    source = parsed(path, text)

    assert list(short_functions(source, {f"{path}:f": 60})) == []
    assert list(short_functions(source, {f"{path}:f": 59})) != []
    assert list(short_functions(source, {f"{path}:f": 61})) != []
    assert list(short_files(source, {path: 60})) == []
    assert list(short_files(source, {path: 59})) != []
    assert list(short_files(source, {path: 61})) != []


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        pytest.param(short_files, "x = 1\n" * 301, "x = 1\n" * 300, id="files"),
        pytest.param(
            short_functions,
            "def f():\n" + "    x = 1\n" * 50,
            "def f():\n" + "    x = 1\n" * 49,
            id="functions",
        ),
        pytest.param(short_lines, f"x = '{'a' * 96}'", f"x = '{'a' * 94}'", id="lines"),
    ],
)
def test_the_rule_finds_what_it_forbids(rule: object, bad: str, good: str) -> None:
    assert_notices(rule, "services/site/x.py", bad=bad, good=good)


def test_tests_may_be_longer_but_not_endless() -> None:
    story = "def test_f():\n" + "    x = 1\n" * 59

    assert list(short_functions(parsed("tests/site/test_x.py", story))) == []
    assert list(short_functions(parsed("tests/site/test_x.py", story + "    x = 1\n"))) != []
    assert list(short_files(parsed("tests/site/test_x.py", "x = 1\n" * 500))) == []
    assert list(short_files(parsed("tests/site/test_x.py", "x = 1\n" * 501))) != []
