"""Every step of docs/walks.md is where the page says: no walk through a house that moved."""

import ast
import re
from collections.abc import Iterator

from tests.tidy.source import ROOT, Source, python_files

WALKS = ROOT / "docs/walks.md"
STEP = re.compile(r"`([\w/]+\.py)::(\w+(?:\.\w+)?)")
FEWEST = 60


def steps(page: str) -> list[tuple[str, str]]:
    """Return each step's file, as the page writes it, and function, or `Class.method`."""
    return STEP.findall(page)


def lost(page: str) -> Iterator[str]:
    """Return the steps that are not in the code."""
    files = python_files("services", "contracts")
    for path, name in steps(page):
        if not any(name in _names(each) for each in files if f"/{each.path}".endswith(f"/{path}")):
            yield f"{path}::{name}"


def _names(source: Source) -> set[str]:
    """Return the functions and classes of a file, and each class's methods as `Class.method`."""
    found = set()
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (ast.FunctionDef, ast.AsyncFunctionDef)
            found |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, methods)}
    return found


def test_every_step_of_the_walks_is_in_the_code() -> None:
    page = WALKS.read_text(encoding="utf-8")

    assert len(steps(page)) > FEWEST
    assert list(lost(page)) == []


def test_a_step_that_moved_is_noticed() -> None:
    page = "`pledges/domain/pledging.py::create`, `chassis/bus.py::Bus.fly`, `nowhere.py::create`"

    assert list(lost(page)) == ["chassis/bus.py::Bus.fly", "nowhere.py::create"]
