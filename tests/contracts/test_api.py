"""What services answer each other over HTTP: one shape for both, and no figure made up."""

import ast
from collections.abc import Iterator

import msgspec
import pytest

from contracts.api import (
    analytics,
    checkout,
    desk,
    figures,
    notify,
    operations,
    pledges,
    settling,
)
from tests.tidy.source import Source, assert_notices, assert_tidy, findings, python_files

MODULES = (analytics, checkout, desk, figures, notify, operations, pledges, settling)
# What operators' screens read is handed to it by their desks: docs/house.md, finding 4.
STILL_ITS_OWN = {"services.site.asking.operators"}
SERVICES = ("checkout", "pledges", "settlement", "notify", "site")


def shapes() -> list[type[msgspec.Struct]]:
    """Return every body that is in contracts.api."""
    found = [
        each
        for module in MODULES
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, msgspec.Struct)
        and each.__module__ == module.__name__
    ]
    assert len(found) > 20
    return found


@pytest.mark.parametrize("shape", shapes(), ids=lambda shape: shape.__name__)
def test_a_sum_that_was_not_told_is_never_zero(shape: type[msgspec.Struct]) -> None:
    """A field that is renamed on one side only is an answer nobody can read, not $0.00."""
    numbers = {
        each.encode_name
        for each in msgspec.structs.fields(shape)
        if not each.required and _is_number(each.type)
    }

    assert numbers == set()


def _is_number(kind: object) -> bool:
    return kind is int or "int" in str(kind).replace("Union", "").split(" | ")


def told_by_contracts(source: Source) -> Iterator[str]:
    """Site reads an answer by the shape its service gives it, not by one of its own."""
    shared = {
        alias.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("contracts.api.")
        for alias in node.names
    }
    if source.module in STILL_ITS_OWN:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "read" and len(node.args) > 1:
            named = {each.id for each in ast.walk(node.args[1]) if isinstance(each, ast.Name)}
            if named - {"tuple"} - shared:
                yield source.at(node, f"reads {ast.unparse(node.args[1])}, a shape of its own")


def test_what_site_reads_is_what_its_service_answers() -> None:
    asking = python_files("services/site/asking")

    assert sum("read(answer" in each.text for each in asking) >= 3
    assert_tidy(findings(told_by_contracts, asking), "Its shape belongs in contracts/api.")


def test_the_rule_finds_a_shape_of_ones_own() -> None:
    ours = "from contracts.api.pledges import PledgeRecord\n"

    assert_notices(
        told_by_contracts,
        "services/site/asking/pledges.py",
        bad="class Mine: pass\n\ndef ask(answer): return read(answer, tuple[Mine, ...])",
        good=f"{ours}def ask(answer): return read(answer, tuple[PledgeRecord, ...])",
    )


def test_no_service_has_a_shape_beside_the_shared_one() -> None:
    """A class of the same name and fields in a service would drift from it."""
    shared = {
        (each.__name__, frozenset(f.name for f in msgspec.structs.fields(each)))
        for each in shapes()
    }
    copies = [
        source.at(node, node.name)
        for source in python_files(*(f"services/{each}" for each in SERVICES))
        for node in source.tree.body
        if isinstance(node, ast.ClassDef)
        and _is_told(node)
        and (node.name, _fields(node)) in shared
    ]

    assert copies == []


def _is_told(node: ast.ClassDef) -> bool:
    """Tell whether a class is JSON for others: only that has names in camel case."""
    return any(each.arg == "rename" for each in node.keywords)


def _fields(node: ast.ClassDef) -> frozenset[str]:
    return frozenset(
        each.target.id
        for each in node.body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    )


def test_a_record_with_a_sum_missing_is_not_read() -> None:
    sums = figures.Figures(
        subtotal=5_000, shipping=300, tax=394, tip_percent=5, tip_amount=250, amount=5_944
    )
    whole = msgspec.json.decode(msgspec.json.encode(sums))
    renamed = {"total" if name == "amount" else name: cents for name, cents in whole.items()}

    assert msgspec.convert(whole, figures.Figures) == sums
    with pytest.raises(msgspec.ValidationError, match="amount"):
        msgspec.convert(renamed, figures.Figures)


def test_every_module_of_the_folder_is_looked_at() -> None:
    files = {each.module for each in python_files("contracts/api")} - {"contracts.api"}

    assert files == {each.__name__ for each in MODULES}
