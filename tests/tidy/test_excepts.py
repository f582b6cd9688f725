"""Whoever catches names what they can handle; whoever catches all is one of a few."""

import ast
from collections.abc import Iterator

import pytest

from tests.tidy.source import (
    Source,
    assert_notices,
    assert_tidy,
    findings,
    functions,
    production,
)

# Loops over others' work, where one bad piece must not stop the rest. Each says so.
MAY_CATCH_ALL = {
    "apply_completions._complete",
    "apply_completions._read",
    "apply_stripe._apply",
    "bus.make",
    "handling._apply_many",
    "handling.apply",
    "leader.tick_as_leader",
    "limiter._ask",
    "retrying._try",
    "send_batch._written",
    "send_mail.send",
    "shelf._put",
    "steady._done",
    "window._answered",
    "budget._ask",
    "budget.slow_down",
}
BROAD = {"Exception", "BaseException"}
RUNS_SQL = {"fetch", "fetchrow", "fetchval", "execute", "executemany"}


def narrow_excepts(source: Source) -> Iterator[str]:
    """A broad except ends by raising again whatever comes, or is one of the few."""
    listed = {
        node
        for function in functions(source)
        if _place(source, function.name) in MAY_CATCH_ALL
        for node in ast.walk(function)
    }
    for node in ast.walk(source.tree):
        if node in listed:
            continue
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
            last = node.body[-1]
            if not (isinstance(last, ast.Raise) and last.exc is None):
                yield source.at(node, "catches everything and may keep it")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            yield from (
                source.at(node, f"{ast.unparse(node)} hides everything")
                for each in node.args
                if _is_broad(each)
            )


def routes_only_translate(source: Source) -> Iterator[str]:
    """Routes catch nothing and ask no table: refusals are answered in one place."""
    if "/routes" not in source.path:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            yield source.at(node, "a route catches")
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            yield source.at(node, "Litestar reads annotations at run time")
        if isinstance(node, ast.Attribute) and node.attr in RUNS_SQL:
            yield source.at(node, f"a route runs SQL: {ast.unparse(node)}")


def _place(source: Source, function: str) -> str:
    return f"{source.module.rpartition('.')[2]}.{function}"


def _is_broad(caught: ast.expr | None) -> bool:
    """Tell whether an except catches what nobody thought of, alone or among others."""
    return caught is None or any(
        isinstance(node, ast.Name) and node.id in BROAD for node in ast.walk(caught)
    )


PRODUCTION = production()


def test_nobody_catches_everything() -> None:
    assert_tidy(findings(narrow_excepts, PRODUCTION), "Name what you can handle.")


def test_whoever_may_catch_everything_is_there() -> None:
    known = {_place(source, each.name) for source in PRODUCTION for each in functions(source)}

    assert MAY_CATCH_ALL - known == set()


def test_routes_translate_and_nothing_else() -> None:
    assert_tidy(findings(routes_only_translate, PRODUCTION), "Raise a refusal; ask a handler.")


TRY = "try:\n    x()\nexcept {caught}:\n    {then}"


@pytest.mark.parametrize(
    ("rule", "path", "bad", "good"),
    [
        pytest.param(
            narrow_excepts,
            "services/site/handlers.py",
            TRY.format(caught="Exception", then="pass"),
            TRY.format(caught="BaseException", then="undo()\n    raise"),
            id="broad",
        ),
        pytest.param(
            narrow_excepts,
            "services/chassis/loops.py",
            TRY.format(caught="(OSError, Exception)", then="pass"),
            TRY.format(caught="(OSError, ValueError)", then="pass"),
            id="broad among others",
        ),
        pytest.param(
            narrow_excepts,
            "services/site/handlers.py",
            TRY.format(caught="Exception", then="if bad:\n        raise"),
            TRY.format(caught="Exception", then="raise"),
            id="raises only sometimes",
        ),
        pytest.param(
            narrow_excepts,
            "services/site/handlers.py",
            "with contextlib.suppress(Exception):\n    x()",
            "with contextlib.suppress(KeyError):\n    x()",
            id="suppress",
        ),
        pytest.param(
            routes_only_translate,
            "services/site/routes/pages.py",
            TRY.format(caught="KeyError", then="pass"),
            "try:\n    x()\nfinally:\n    y()",
            id="a route catches",
        ),
        pytest.param(
            routes_only_translate,
            "services/pledges/routes.py",
            "async def show(conn):\n    return await conn.fetchval('…')",
            "async def show(conn):\n    return await handlers.show(conn)",
            id="a route runs SQL",
        ),
    ],
)
def test_the_rule_finds_what_it_forbids(rule: object, path: str, bad: str, good: str) -> None:
    assert_notices(rule, path, bad=bad, good=good)
