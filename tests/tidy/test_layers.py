"""Who may import whom: one direction inside a service, nothing across services."""

import sys
from collections.abc import Iterator

import pytest

from tests.tidy.source import Source, assert_tidy, findings, imported, parsed, python_files

SERVICES = ("checkout", "pledges", "settlement", "notify", "site")
VENDORS = {"stripe": "services.chassis.stripe", "resend": "services.notify.resend_gateway"}
# What talks to the world. Rules must be decidable without any of it.
OUTSIDE = ("aiohttp", "asyncpg", "httpx", "litestar", "nats", "redis", "resend", "stripe")

# app → edges → steps → handlers → queries, gateways, rules → contracts. A room imports lower ones
# and its own. Whatever is not named is rules: pure, and lowest but for the leaves.
RULES, LEAF = 10, 0
# Compiles a template that a rule reads anyway.
RULES_MAY_IMPORT = ("services.chassis.process.templates",)
RANKS = {
    "__main__": 99,
    "app": 90,
    "routes": 70,
    "consumers": 70,
    "schedules": 70,
    # What asks a vendor, between two transactions.
    "steps": 55,
    "handlers": 40,
    "queries": 20,
    "domain": RULES,
    "settings": LEAF,
}
# site has sub-packages instead: what it shows is pure, what it publishes and keeps is not.
SITE_RANKS = {
    **RANKS,
    "publisher": 60,
    "desks": 60,
    "live": 50,
    "mirror": 65,
    "editing.handlers": 45,
    "editing.reviewing": 45,
    "editing.platform_texts": 46,
    "admin.handlers": 40,
    "editing.queries": 20,
    "editing.git_folder": 20,
    "admin.queries": 20,
    "asking": 16,
    # A folder, and a program that is started: what they stand for is decided without them.
    "media.press": 16,
    "media.store": 16,
    "door": 15,
}


def room_of(service: str, module: str) -> tuple[str, int]:
    """Return the room a module of a service is in, and its rank."""
    inside = module.removeprefix(f"services.{service}").lstrip(".")
    ranks = SITE_RANKS if service == "site" else RANKS
    for name in (inside, inside.rpartition(".")[0], inside.partition(".")[0]):
        if name in ranks:
            return name, ranks[name]
    if (room := inside.partition(".")[0]).endswith("_gateway"):
        return room, RANKS["queries"]
    return inside, RULES


def one_way(source: Source) -> Iterator[str]:
    """Inside a service imports go down, or stay in the room; rules import rules."""
    _, service, *inside = [*source.module.split("."), "", ""][:3]
    if service not in SERVICES or not any(inside):
        return
    room, rank = room_of(service, source.module)
    for node, name in imported(source):
        if not name.startswith(f"services.{service}."):
            continue
        other, other_rank = room_of(service, name)
        is_same = other == room or (rank == other_rank == RULES)
        if other_rank >= rank and not is_same:
            yield source.at(node, f"{room} imports {other}, which is not below it")


def rules_are_pure(source: Source) -> Iterator[str]:
    """A service's rules import contracts and each other, and nothing that does I/O."""
    _, service, *inside = [*source.module.split("."), "", ""][:3]
    if service not in SERVICES or not any(inside):
        return
    if room_of(service, source.module)[1] != RULES:
        return
    for node, name in imported(source):
        if name.startswith(RULES_MAY_IMPORT):
            continue
        if name.startswith("services.chassis") or name.partition(".")[0] in OUTSIDE:
            yield source.at(node, f"rules import {name}; they take values and return values")


def apart(source: Source) -> Iterator[str]:
    """No service imports another; they know each other by events alone."""
    own = source.module.split(".")[1] if source.module.count(".") else ""
    for node, name in imported(source):
        other = name.split(".")[1] if name.startswith("services.") else own
        if other in SERVICES and other != own:
            yield source.at(node, f"services.{own} imports {name}")


def without_deploy(source: Source) -> Iterator[str]:
    """What runs in production does not know what it is tried out with."""
    for node, name in imported(source):
        if name.partition(".")[0] in ("deploy", "tests"):
            yield source.at(node, f"{source.module} imports {name}")


def contracts_are_plain(source: Source) -> Iterator[str]:
    """contracts imports msgspec, the standard library and itself."""
    for node, name in imported(source):
        top = name.partition(".")[0]
        if top not in ("msgspec", "contracts") and top not in sys.stdlib_module_names:
            yield source.at(node, f"contracts imports {name}")


def vendors_behind_their_gateway(source: Source) -> Iterator[str]:
    """A vendor's package is imported at the one place that speaks to it."""
    for node, name in imported(source):
        place = VENDORS.get(name.partition(".")[0])
        if place and not f"{source.module}.".startswith(f"{place}."):
            yield source.at(node, f"only {place} imports {name}")


def test_imports_inside_a_service_go_one_way() -> None:
    assert_tidy(
        findings(one_way, python_files("services")),
        "app → routes, consumers, schedules → steps → handlers → queries, gateways, rules.",
    )


def test_rules_import_no_chassis_and_nothing_that_talks_to_the_world() -> None:
    assert_tidy(
        findings(rules_are_pure, python_files("services")),
        "A rule that does I/O cannot be tested as one; a new edge gets a rank above.",
    )


def test_no_service_imports_another_and_the_chassis_imports_none() -> None:
    assert_tidy(
        findings(apart, python_files("services")),
        "What one service needs of another arrives as an event or over HTTP.",
    )


def test_nothing_that_runs_in_production_imports_deploy_or_tests() -> None:
    assert_tidy(
        findings(without_deploy, python_files("contracts", "services")),
        "The sandbox and the local stack are no part of a service.",
    )


def test_contracts_import_msgspec_and_the_standard_library_only() -> None:
    assert_tidy(findings(contracts_are_plain, python_files("contracts")), "contracts is data.")


def test_a_vendor_is_imported_by_its_gateway_alone() -> None:
    assert_tidy(
        findings(vendors_behind_their_gateway, python_files("services")),
        "Everybody else speaks of outcomes, not of a vendor's objects.",
    )


@pytest.mark.parametrize(
    ("rule", "path", "bad", "good"),
    [
        pytest.param(
            one_way,
            "services/pledges/domain/pledging.py",
            "from services.pledges.queries import ledger",
            "from services.pledges import pledge",
            id="rules below queries",
        ),
        pytest.param(
            one_way,
            "services/pledges/queries/ledger.py",
            "from services.pledges.handlers import apply_orders",
            "from services.pledges.queries import campaigns",
            id="queries below handlers",
        ),
        pytest.param(
            one_way,
            "services/settlement/schedules/charges.py",
            "from services.settlement.consumers import Charger",
            "from services.settlement.handlers import report",
            id="edges beside each other",
        ),
        pytest.param(
            one_way,
            "services/settlement/handlers/refund.py",
            "from services.settlement.steps import charge",
            "from services.settlement.queries import charges",
            id="handlers below steps",
        ),
        pytest.param(
            one_way,
            "services/checkout/queries/stock.py",
            "def late():\n    from services.checkout import stripe_gateway",
            "from services.checkout.domain.stock import Share",
            id="even inside a function",
        ),
        pytest.param(
            rules_are_pure,
            "services/checkout/domain/cart.py",
            "from services.chassis.storage.database import Connection",
            "from contracts.money import Cents",
            id="rules without chassis",
        ),
        pytest.param(
            apart,
            "services/notify/handlers.py",
            "import services.pledges.queries",
            "import services.notify.queries",
            id="services apart",
        ),
        pytest.param(
            apart,
            "services/chassis/events/outbox.py",
            "from services.site import domain",
            "from services.chassis.events import bus",
            id="chassis below all",
        ),
        pytest.param(
            without_deploy,
            "services/site/app.py",
            "from deploy.sandbox import app",
            "from services.site import settings",
            id="no deploy",
        ),
        pytest.param(
            contracts_are_plain,
            "contracts/money.py",
            "import asyncpg",
            "import decimal, msgspec",
            id="plain contracts",
        ),
        pytest.param(
            vendors_behind_their_gateway,
            "services/settlement/consumers.py",
            "import stripe",
            "import msgspec",
            id="vendors",
        ),
    ],
)
def test_the_rule_finds_what_it_forbids(rule: object, path: str, bad: str, good: str) -> None:
    assert callable(rule)

    assert next(iter(rule(parsed(path, bad)))).startswith(f"{path}:")
    assert not list(rule(parsed(path, good)))
