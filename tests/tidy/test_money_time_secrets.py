"""Money is whole cents, time has a zone, secrets are compared in constant time."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.tidy.source import (
    Source,
    assert_notices,
    assert_tidy,
    findings,
    names_in,
    production,
)

# Dollars for public JSON and progress in per cent are shown, never added up again. The rest
# are seconds whose names do not say so, and values that may be anything.
FOR_DISPLAY = {
    "contracts:money": ("cents_to_dollars",),
    "checkout:bodies": ("Ignored",),
    "checkout:usps_gateway": ("_token", "_known"),
    "pledges:figures": ("Stats",),
    "pledges:record": ("amount", "custom_amount"),
    "settlement:campaigns": ("read_heartbeat",),
    "site:why": ("Inputs",),
    "site:waterline": ("*",),
    "site:cards": ("*",),
}
CENTS = re.compile(r"cents|amount|subtotal|pledged|total", re.IGNORECASE)
SECONDS = re.compile(r"seconds|until|clock|fresh_at", re.IGNORECASE)
SECRETS = re.compile(r"secret|token|signature|password|api_key|\bmac\b|hmac", re.IGNORECASE)


def for_display(source: Source) -> tuple[str, ...]:
    """Return what a module may have as a float, in whichever room of its service it stands."""
    service, *_, name = source.module.removeprefix("services.").split(".") * 2
    return FOR_DISPLAY.get(f"{service}:{name}", ())


def no_float_in_money(source: Source) -> Iterator[str]:
    """No float and no `round` in a module that has cents, but for seconds."""
    if not any(each == "Cents" or each.endswith("_cents") for each in names_in(source.tree)):
        return
    allowed = for_display(source)
    if "*" in allowed:
        return
    skipped = _inside(source, allowed) | _about(source, SECONDS)
    for node in ast.walk(source.tree):
        is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
        is_name = isinstance(node, ast.Name) and node.id in ("float", "round")
        if (is_float or is_name) and node not in skipped:
            yield source.at(node, f"{ast.unparse(node)} in a module that has cents")


def no_division_of_cents(source: Source) -> Iterator[str]:
    """`/` makes a float of cents; rates are Decimals and go through contracts.money."""
    allowed = for_display(source)
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
    """No datetime without a zone."""
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
        if any(isinstance(side, ast.Constant) and not side.value for side in sides):
            continue
        if any(SECRETS.search(_last_name(side)) for side in sides):
            yield source.at(node, f"{ast.unparse(node)}: use hmac.compare_digest")


def own_clock(source: Source) -> Iterator[str]:
    """What time it is, is the platform's clock's to say: this machine's is the chassis' affair."""
    for node in ast.walk(source.tree):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if re.fullmatch(r"(.*\.)?datetime\.(now|utcnow)|time\.time(_ns)?", called):
            yield source.at(node, f"{called}(): ask the platform's clock")


def _inside(source: Source, names: tuple[str, ...]) -> set[ast.AST]:
    """Return every node inside the functions, classes and assignments of these names."""
    return {
        node
        for named in ast.walk(source.tree)
        if isinstance(named, NAMED) and not names_of(named).isdisjoint(names)
        for node in ast.walk(named)
    }


def _about(source: Source, words: re.Pattern[str]) -> set[ast.AST]:
    """Return every node of a short statement, a parameter or a function that has such a name."""
    return {
        node
        for named in ast.walk(source.tree)
        if isinstance(named, (*NAMED, ast.Return, ast.Expr, ast.arg))
        and any(words.search(each) for each in names_of(named))
        for node in ast.walk(named)
    }


NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


def names_of(node: ast.AST) -> set[str]:
    """Return what a thing is called; of a statement, every name in it."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    return {node.arg} if isinstance(node, ast.arg) else names_in(node)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.id if isinstance(node, ast.Name) else ""


PRODUCTION = production()
BUSINESS = tuple(each for each in PRODUCTION if not each.path.startswith("services/chassis/"))


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        pytest.param(no_float_in_money, "A float is a bug.", id="no float in money"),
        pytest.param(no_division_of_cents, "Use contracts.money.", id="whole cents"),
        pytest.param(zoned_time, "Every instant is UTC, every day has a zone.", id="zoned time"),
        pytest.param(constant_time, "A comparison must not tell how far it got.", id="secrets"),
    ],
)
def test_production_code_obeys(rule: object, why: str) -> None:
    assert callable(rule)

    assert_tidy(findings(rule, PRODUCTION), why)


def test_business_time_is_the_platforms() -> None:
    assert_tidy(findings(own_clock, BUSINESS), "A sandbox's clock is moved; everybody moves.")


@pytest.mark.parametrize(
    ("rule", "path", "bad", "good"),
    [
        pytest.param(
            no_float_in_money,
            "contracts/money.py",
            "TIP: Cents = 0.05",
            "TIP: Cents = 5",
            id="literal",
        ),
        pytest.param(
            no_float_in_money,
            "services/checkout/taxes.py",
            "def tax(amount_cents): return Cents(float(amount_cents))",
            "def tax(amount_cents): return Cents(int(amount_cents))",
            id="call",
        ),
        pytest.param(
            no_float_in_money,
            "services/checkout/anything_new.py",
            "half: Cents = round(total_cents * rate)",
            "def turn(total_cents: int, within_seconds: float = 0.5) -> None: pass",
            id="round, and seconds",
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
            own_clock,
            "services/checkout/handlers/start_checkout.py",
            "now = datetime.now(UTC)",
            "began = time.monotonic()",
            id="our own clock",
        ),
        pytest.param(
            constant_time,
            "services/site/x.py",
            "ok = settings.admin_secret == 'letmein'",
            "ok = settings.admin_secret != ''",
            id="a secret in the code",
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
    ],
)
def test_the_rule_finds_what_it_forbids(rule: object, path: str, bad: str, good: str) -> None:
    assert_notices(rule, path, bad=bad, good=good)
