"""Tests that could not fail, tests that stand twice, tests too long to be read."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache

from tests.tidy.source import (
    Source,
    assert_tidy,
    findings,
    functions,
    parsed,
    python_files,
)

TESTS = python_files("tests")
EVERYBODYS = (*TESTS, *python_files("deploy"))
ASSERTING = ("pytest.raises", "pytest.fail", "pytest.warns")
# As full as what they are given.
PASS_ON = {"enumerate", "list", "range", "reversed", "set", "sorted", "tuple", "zip"}
VIEWS = {"items", "keys", "values"}
MAY_BE_EMPTY = (ast.Attribute, ast.Subscript, ast.GeneratorExp, ast.ListComp)
TWIN_NODES_MIN = 25
Function = ast.FunctionDef | ast.AsyncFunctionDef


def asserts(node: ast.AST) -> bool:
    """Tell whether something is said to be true here."""
    return any(
        isinstance(each, ast.Assert)
        or (isinstance(each, ast.Call) and ast.unparse(each.func) in ASSERTING)
        for each in ast.walk(node)
    )


def called(node: ast.AST) -> set[str]:
    """Return what is called here, by its last name."""
    return {
        ast.unparse(each.func).rpartition(".")[2]
        for each in ast.walk(node)
        if isinstance(each, ast.Call)
    }


@cache
def asserting(sources: tuple[Source, ...]) -> frozenset[str]:
    """Return the functions that assert, or call one that does."""
    calls: dict[str, set[str]] = defaultdict(set)
    found = set()
    for source in sources:
        for each in functions(source):
            calls[each.name] |= called(each)
            if asserts(each):
                found.add(each.name)
    while more := {name for name in calls.keys() - found if calls[name] & found}:
        found |= more
    return frozenset(found)


def helpers_of(source: Source) -> frozenset[str]:
    """Return what asserts among all that a test of this file may call."""
    return asserting(EVERYBODYS) | asserting((source,))


def every_test(source: Source) -> Iterator[Function]:
    for each in functions(source):
        if each.name.startswith("test_"):
            yield each


def assert_something(source: Source) -> Iterator[str]:
    """A test says what must be true; one that only must not fall over says of what."""
    helpers = helpers_of(source)
    for test in every_test(source):
        if not asserts(test) and called(test).isdisjoint(helpers):
            yield source.at(test, f"{test.name} asserts nothing")


def assert_of_something(source: Source) -> Iterator[str]:
    """A test that asserts in a loop alone says first that there is anything to loop over."""
    helpers = helpers_of(source)
    for test in every_test(source):
        loops = [
            node
            for node in ast.walk(test)
            if isinstance(node, ast.For) and not _is_full(node.iter, helpers)
        ]
        in_vain = {id(node) for loop in loops for node in ast.walk(loop)}
        said = [
            node
            for node in ast.walk(test)
            if isinstance(node, ast.Assert | ast.Call) and _says(node, helpers)
        ]
        if said and all(id(node) in in_vain for node in said):
            over = ", ".join(ast.unparse(loop.iter) for loop in loops)
            yield source.at(test, f"{test.name}: nothing is asserted if nothing is in {over}")


def _says(node: ast.Assert | ast.Call, helpers: frozenset[str]) -> bool:
    if isinstance(node, ast.Assert):
        return True
    name = ast.unparse(node.func)
    return name in ASSERTING or name.rpartition(".")[2] in helpers


def _is_full(node: ast.expr, helpers: frozenset[str]) -> bool:
    """Tell whether a loop over this surely has a round."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return any(not isinstance(e, ast.Starred) or _is_full(e, helpers) for e in node.elts)
    if isinstance(node, ast.Starred | ast.BinOp):
        return _is_full(node.value if isinstance(node, ast.Starred) else node.left, helpers)
    if isinstance(node, ast.Call):
        return _gives_something(node, helpers)
    return node.id.isupper() if isinstance(node, ast.Name) else not isinstance(node, MAY_BE_EMPTY)


def _gives_something(node: ast.Call, helpers: frozenset[str]) -> bool:
    name = ast.unparse(node.func).rpartition(".")[2]
    if name in VIEWS and isinstance(node.func, ast.Attribute):
        return _is_full(node.func.value, helpers)
    if name in PASS_ON:
        return all(_is_full(each, helpers) for each in node.args)
    return name in helpers


def twins(sources: Iterable[Source]) -> Iterator[str]:
    """Return functions of one body: what is tried twice is tried by one test with two cases."""
    bodies: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        for each in functions(source):
            body = each.body[1:] if ast.get_docstring(each) else each.body
            if sum(1 for line in body for _ in ast.walk(line)) >= TWIN_NODES_MIN:
                text = "\n".join(map(ast.unparse, body))
                bodies[text].append(source.at(each, each.name))
    yield from (" = ".join(places) for places in bodies.values() if len(places) > 1)


def test_every_test_asserts() -> None:
    assert_tidy(findings(assert_something, TESTS), "What would be wrong if it were not so?")


def test_no_test_is_true_of_nothing() -> None:
    assert_tidy(findings(assert_of_something, TESTS), "Assert first that something was found.")


def test_nothing_stands_twice() -> None:
    assert_tidy(list(twins(TESTS)), "Move it to where both can have it.")


IN_VAIN = "def test_it():\n    for each in found():\n        assert each"


def test_the_rules_find_what_they_forbid() -> None:
    path = "tests/site/test_x.py"

    def found(rule: object, text: str) -> list[str]:
        assert callable(rule)
        return list(rule(parsed(path, text)))

    assert found(assert_something, "def test_it():\n    x()")
    assert not found(
        assert_something, "def test_it():\n    with pytest.raises(Refused):\n        x()"
    )
    assert not found(assert_something, "def sure(): assert x\n\ndef test_it(): sure()")
    assert found(assert_of_something, IN_VAIN.replace("found()", "folder.glob('*.css')"))
    assert found(assert_of_something, IN_VAIN.replace("found()", "sorted(model.values())"))
    assert found(assert_of_something, IN_VAIN.replace("found()", "[x for x in y if x]"))
    assert not found(assert_of_something, IN_VAIN.replace("found()", "('a', 'b')"))
    assert not found(assert_of_something, IN_VAIN.replace("found()", "enumerate(KINDS)"))
    assert not found(assert_of_something, IN_VAIN + "\n    assert found()")
    assert not found(assert_of_something, f"def found():\n    assert x\n\n{IN_VAIN}")


def test_twins_are_found_whatever_they_are_called() -> None:
    text = "def {}():\n    x = [each + 1 for each in y]\n    assert sum(x) == len(y) + sum(y) + {}"
    one = parsed("tests/a.py", text.format("one", 1))
    two = parsed("tests/b.py", text.format("two", 1))

    assert list(twins([one, two])) == ["tests/a.py:1: one = tests/b.py:1: two"]
    assert list(twins([one, parsed("tests/b.py", text.format("two", 2))])) == []
