"""No import circle, and nothing that a rule could ask what time it is or what comes next."""

import ast
from collections.abc import Iterable, Iterator, Mapping

import pytest

from tests.tidy.source import (
    Source,
    assert_notices,
    assert_tidy,
    findings,
    imported,
    parsed,
    production,
    python_files,
)
from tests.tidy.test_layers import RULES, SERVICES, room_of

# What gives another answer every time it is asked.
CHANCE = {"asyncio", "os", "random", "secrets", "socket", "subprocess", "time", "uuid"}


def circles(sources: Iterable[Source]) -> Iterator[str]:
    """Return every circle of modules that import each other, inside functions too."""
    known = {each.module: each for each in sources}
    graph = {
        name: sorted({other for _, other in imported(each) if other in known and other != name})
        for name, each in known.items()
    }
    done: set[str] = set()
    for name in graph:
        yield from _walk(name, graph, [], done)


def _walk(
    name: str, graph: Mapping[str, list[str]], path: list[str], done: set[str]
) -> Iterator[str]:
    if name in path:
        yield " → ".join([*path[path.index(name) :], name])
    elif name not in done:
        for other in graph[name]:
            yield from _walk(other, graph, [*path, name], done)
        done.add(name)


def rules_take_no_chances(source: Source) -> Iterator[str]:
    """A rule is told the time, an id, a number: then a test can tell it the same."""
    _, service, *inside = [*source.module.split("."), "", ""][:3]
    if service not in SERVICES or not any(inside):
        return
    if room_of(service, source.module)[1] != RULES:
        return
    for node, name in imported(source):
        if name.partition(".")[0] in CHANCE:
            yield source.at(node, f"a rule imports {name}")
    for node in ast.walk(source.tree):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if called.endswith(("datetime.now", "date.today", "uuid4")):
            yield source.at(node, f"a rule asks {called}()")


def test_nothing_imports_itself_in_the_end() -> None:
    found = list(circles(python_files("contracts", "services", "deploy", "campaigns", "tests")))

    assert_tidy(found, "Move what both need into a third.")


def test_rules_take_no_chances() -> None:
    assert_tidy(findings(rules_take_no_chances, production()), "Hand it in.")


def test_a_circle_is_found_wherever_it_is_closed() -> None:
    one = parsed("services/site/one.py", "import services.site.two")
    two = parsed("services/site/two.py", "def late():\n    import services.site.three")
    three = parsed("services/site/three.py", "from services.site.one import x")

    assert list(circles([one, three])) == []
    assert list(circles([one, two, three])) == [
        "services.site.one → services.site.two → services.site.three → services.site.one"
    ]


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        pytest.param("import time", "from datetime import datetime", id="time"),
        pytest.param("from random import random", "import re", id="chance"),
        pytest.param(
            "def is_late(at): return datetime.now(UTC) > at",
            "def is_late(at, now): return now > at",
            id="asking for the time",
        ),
    ],
)
def test_the_rule_finds_what_it_forbids(bad: str, good: str) -> None:
    assert_notices(rules_take_no_chances, "services/pledges/domain/pledging.py", bad=bad, good=good)
