"""Money is whole cents, time has a zone, secrets are compared in constant time."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.tidy.source import (
    Source,
    assert_tidy,
    findings,
    names_in,
    parsed,
    python_files,
)

MONEY_MODULES = re.compile(
    r"contracts/(money|pricing)\.py"
    r"|services/\w+/(pricing|cart|stock|figures|pledge|domain|plan|charging|orders)\.py"
)
# Dollars for public JSON and progress in per cent are shown, never added up again.
FOR_DISPLAY = {
    "contracts/money.py": ("cents_to_dollars",),
    "services/pledges/figures.py": ("Stats",),
    "services/site/public/waterline.py": ("*",),
    "services/site/public/cards.py": ("*",),
}
CENTS = re.compile(r"cents|amount|subtotal|pledged|total", re.IGNORECASE)
SECRETS = re.compile(r"secret|token|signature|password|api_key|\bmac\b|hmac", re.IGNORECASE)
SQL = re.compile(
    r"\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|ROLE|SCHEMA|FUNCTION)\s|LOCK\s+TABLE\s|TRUNCATE\s)"
)
# Loops over foreign input, where one bad item must not stop the others. Each says so.
MAY_CATCH_ALL = {
    "services/checkout/handlers/apply_completions.py": "_complete",
    "services/checkout/handlers/apply_stripe.py": "_apply",
    "services/site/live/shelf.py": "_put",
    "services/notify/steps/send_mail.py": "send",
}


def no_float_in_money(source: Source) -> Iterator[str]:
    """No float literal, call or annotation where money is computed."""
    if not MONEY_MODULES.fullmatch(source.path):
        return
    skipped = _inside(source, FOR_DISPLAY.get(source.path, ()))
    for node in ast.walk(source.tree):
        is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
        is_name = isinstance(node, ast.Name) and node.id == "float"
        if (is_float or is_name) and node not in skipped:
            yield source.at(node, "a float in a money module")


def no_division_of_cents(source: Source) -> Iterator[str]:
    """`/` makes a float of cents; rates are Decimals and go through contracts.money."""
    allowed = FOR_DISPLAY.get(source.path, ())
    if "*" in allowed:
        return
    skipped = _inside(source, allowed)
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.BinOp) or node in skipped:
            continue
        names = names_in(node)
        is_money = any(CENTS.search(name) for name in names) and "Decimal" not in names
        is_float = isinstance(node.op, ast.Div) or any(
            isinstance(side, ast.Constant) and isinstance(side.value, float)
            for side in (node.left, node.right)
        )
        if is_money and is_float:
            yield source.at(node, f"{ast.unparse(node)} leaves whole cents")


def zoned_time(source: Source) -> Iterator[str]:
    """No datetime without a zone, and no business time of our own clock."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        called = ast.unparse(node.func)
        is_bare = called.endswith(("datetime.now", "datetime.fromtimestamp"))
        if is_bare and len(node.args) + len(node.keywords) < (2 if "from" in called else 1):
            yield source.at(node, f"{called}() without a zone")
        if called.endswith(("datetime.utcnow", "date.today", "datetime.today", "utcfromtimestamp")):
            yield source.at(node, f"{called}() has no zone")


def constant_time(source: Source) -> Iterator[str]:
    """Secrets, tokens and signatures are compared by hmac.compare_digest alone."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Compare):
            continue
        if not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) for side in sides):
            continue
        if any(SECRETS.search(_last_name(side)) for side in sides):
            yield source.at(node, f"{ast.unparse(node)}: use hmac.compare_digest")


def sql_in_its_room(source: Source) -> Iterator[str]:
    """SQL stands in queries and in the chassis, where it is looked for."""
    _, service, room = [*source.path.split("/"), "", ""][:3]
    if service == "chassis" or room in ("queries", "queries.py"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value):
            yield source.at(node, f"SQL outside queries: {node.value.split()[0]}")


def narrow_excepts(source: Source) -> Iterator[str]:
    """Outside the chassis a broad except re-raises, or is one of the few that say why."""
    skipped = _inside(source, (MAY_CATCH_ALL.get(source.path, ""),))
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler) or node in skipped:
            continue
        caught = ast.unparse(node.type) if node.type else "everything"
        is_broad = caught in ("everything", "Exception", "BaseException")
        raises = any(isinstance(each, ast.Raise) and each.exc is None for each in ast.walk(node))
        if is_broad and not raises:
            yield source.at(node, f"catches {caught}")


def routes_only_translate(source: Source) -> Iterator[str]:
    """Routes catch nothing: refusals are answered in one place."""
    if "/routes" not in source.path:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            yield source.at(node, "a route catches")
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            yield source.at(node, "Litestar reads annotations at run time")


def _inside(source: Source, names: tuple[str, ...]) -> set[ast.AST]:
    """Return every node inside the functions and classes of these names."""
    return {
        node
        for named in ast.walk(source.tree)
        if isinstance(named, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and named.name in names
        for node in ast.walk(named)
    }


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.id if isinstance(node, ast.Name) else ""


PRODUCTION = python_files("contracts", "services")
BUSINESS = tuple(each for each in PRODUCTION if not each.path.startswith("services/chassis/"))


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        pytest.param(no_float_in_money, "A float is a bug.", id="no float in money"),
        pytest.param(no_division_of_cents, "Use contracts.money.", id="whole cents"),
        pytest.param(zoned_time, "Every instant is UTC, every day has a zone.", id="zoned time"),
        pytest.param(constant_time, "A comparison must not tell how far it got.", id="secrets"),
        pytest.param(routes_only_translate, "Raise a refusal.", id="routes only translate"),
    ],
)
def test_production_code_obeys(rule: object, why: str) -> None:
    assert callable(rule)

    assert_tidy(findings(rule, PRODUCTION), why)


def test_sql_stands_in_queries_alone() -> None:
    assert_tidy(findings(sql_in_its_room, BUSINESS), "Give it a name in queries.")


def test_only_the_chassis_loops_catch_everything() -> None:
    assert_tidy(findings(narrow_excepts, BUSINESS), "Name what you can handle.")


@pytest.mark.parametrize(
    ("rule", "path", "bad", "good"),
    [
        pytest.param(
            no_float_in_money, "contracts/money.py", "TIP = 0.05", "TIP = 5", id="literal"
        ),
        pytest.param(
            no_float_in_money,
            "services/checkout/pricing.py",
            "x = float(cents)",
            "x = int(cents)",
            id="call",
        ),
        pytest.param(
            no_division_of_cents,
            "services/pledges/figures.py",
            "half = total_cents / 2",
            "half = total_cents // 2",
            id="division",
        ),
        pytest.param(
            no_division_of_cents,
            "services/pledges/figures.py",
            "tax = amount * 0.07",
            "tax = apply_rate(amount, rate)",
            id="a float rate",
        ),
        pytest.param(
            zoned_time,
            "services/site/x.py",
            "x = datetime.now()",
            "x = datetime.now(UTC)",
            id="now",
        ),
        pytest.param(
            constant_time,
            "services/site/x.py",
            "ok = given == settings.admin_secret",
            "ok = hmac.compare_digest(given, settings.admin_secret)",
            id="secret",
        ),
        pytest.param(
            constant_time,
            "services/site/x.py",
            "ok = sign(body) != header.signature",
            "ok = header.signature != ''",
            id="signature",
        ),
        pytest.param(
            sql_in_its_room,
            "services/site/handlers.py",
            "x = '''\n    SELECT 1 FROM t'''",
            "x = 'Select a tier.'",
            id="SQL",
        ),
        pytest.param(
            narrow_excepts,
            "services/site/handlers.py",
            "try:\n    x()\nexcept Exception:\n    pass",
            "try:\n    x()\nexcept BaseException:\n    undo()\n    raise",
            id="broad except",
        ),
        pytest.param(
            routes_only_translate,
            "services/site/routes/pages.py",
            "try:\n    x()\nexcept KeyError:\n    pass",
            "try:\n    x()\nfinally:\n    y()",
            id="routes",
        ),
    ],
)
def test_the_rule_finds_what_it_forbids(rule: object, path: str, bad: str, good: str) -> None:
    assert callable(rule)

    assert next(iter(rule(parsed(path, bad)))).startswith(f"{path}:")
    assert not list(rule(parsed(path, good)))
