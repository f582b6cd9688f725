"""The repository's own source, read once, and how a rule says what it found."""

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]


class Source(msgspec.Struct, frozen=True):
    """One Python file: its path from the root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    def at(self, node: ast.AST, problem: str) -> str:
        """Return a finding a reader can click on."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {problem}"

    @property
    def module(self) -> str:
        """Return the dotted name, without a package's `__init__`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


Rule = Callable[[Source], Iterator[str]]


def parsed(path: str, text: str) -> Source:
    """Return a file as a rule sees it; tests of rules make theirs up."""
    return Source(path, text, ast.parse(text))


@cache
def python_files(*roots: str) -> tuple[Source, ...]:
    """Return every Python file below these folders."""
    return tuple(_read(path) for root in roots for path in sorted((ROOT / root).rglob("*.py")))


@cache
def _read(path: Path) -> Source:
    return parsed(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


def production() -> tuple[Source, ...]:
    """Return what runs in production."""
    found = python_files("contracts", "services")
    assert found, "no file of ours was found"
    return found


def findings(rule: Rule, sources: Iterable[Source]) -> list[str]:
    """Return all that a rule finds."""
    return [finding for source in sources for finding in rule(source)]


def assert_tidy(found: list[str], why: str) -> None:
    """Fail with every place and the reason."""
    assert not found, "\n".join([why, *found])


def assert_notices(rule: object, path: str, *, bad: str, good: str | None) -> None:
    """Fail unless a rule finds what it forbids in such a file, and nothing in a tidy one."""
    assert callable(rule)
    found = list(rule(parsed(path, bad)))
    assert found, "the rule notices nothing"
    assert found[0].startswith(f"{path}:")
    assert good is None or list(rule(parsed(path, good))) == []


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return every function and method."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def names_in(node: ast.AST) -> set[str]:
    """Return every identifier an expression mentions."""
    found = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return found | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


def imported(source: Source) -> Iterator[tuple[ast.stmt, str]]:
    """Return every module a file imports, wherever in it, as its full dotted name."""
    modules = _all_modules()
    package = source.module if source.path.endswith("__init__.py") else _parent(source.module)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            for alias in node.names:
                # `from package import module` imports the module.
                inner = f"{base}.{alias.name}"
                yield node, inner if inner in modules else base


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    steps = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*steps, *([node.module] if node.module else [])])


def _parent(module: str) -> str:
    return module.rpartition(".")[0]


@cache
def _all_modules() -> frozenset[str]:
    found = python_files("contracts", "services", "deploy", "campaigns", "tests")
    return frozenset(each.module for each in found)
