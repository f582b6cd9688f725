"""A handler works inside somebody else's transaction: it is given a connection, and never commits.

What has to ask somebody between two transactions stands in `steps` (adr/0029).
"""

import ast
from collections.abc import Iterator

import pytest

from tests.tidy.source import Source, assert_tidy, findings, parsed, python_files

# What opens a transaction, or a connection to open one on.
OPENERS = {"Pool", "transaction", "single"}
DATABASE = "services.chassis.storage.database"
ENDS = ("commit", "rollback")
SERVICES = ("checkout", "pledges", "settlement", "notify")


def handlers_open_nothing(source: Source) -> Iterator[str]:
    """A handler imports no pool, opens no transaction but a savepoint, commits nothing."""
    _, service, room = [*source.module.split("."), "", ""][:3]
    if room != "handlers" or service not in SERVICES:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == DATABASE:
            for name in {each.name for each in node.names} & OPENERS:
                yield source.at(node, f"a handler imports {name}")
        if isinstance(node, ast.Attribute) and node.attr in ENDS:
            yield source.at(node, f"a handler calls {node.attr}")


def test_a_handler_is_given_a_connection_and_never_commits() -> None:
    assert_tidy(
        findings(handlers_open_nothing, python_files("services")),
        "What asks somebody between two transactions is a step.",
    )


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        pytest.param(
            "from services.chassis.storage.database import Connection, Pool",
            "from services.chassis.storage.database import Connection",
            id="no pool",
        ),
        pytest.param(
            "from services.chassis.storage.database import transaction",
            "from services.pledges.queries import ledger",
            id="no transaction",
        ),
        pytest.param(
            "async def f(conn): await work.commit()",
            "async def f(conn):\n    async with conn.transaction(): pass",
            id="a savepoint at most",
        ),
    ],
)
def test_the_rule_finds_what_it_forbids(bad: str, good: str) -> None:
    path = "services/settlement/handlers/refund.py"

    assert list(handlers_open_nothing(parsed(path, bad)))
    assert not list(handlers_open_nothing(parsed(path, good)))
