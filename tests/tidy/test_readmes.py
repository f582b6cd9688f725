"""A service's README names all that it hears, its tables and its settings."""

import re
from importlib import import_module

import msgspec
import pytest

from contracts.streams import CONSUMERS
from contracts.subjects import tag
from services.chassis.process.settings import CommonSettings
from tests.tidy.source import ROOT

SERVICES = ("checkout", "pledges", "settlement", "notify", "site")
SPAN = re.compile(r"`([^`\n]+)`")
CREATED = re.compile(r"^CREATE TABLE (?:IF NOT EXISTS )?(\w+)", re.MULTILINE)
RENAMED = re.compile(r"^ALTER TABLE (\w+) RENAME TO (\w+)", re.MULTILINE)
DROPPED = re.compile(r"^DROP TABLE (?:IF EXISTS )?(\w+)", re.MULTILINE)


def named_in(readme: str) -> set[str]:
    """Return every word that stands in a code span."""
    return {word for span in SPAN.findall(readme) for word in re.findall(r"[\w.]+", span)}


def heard_by(service: str) -> set[str]:
    """Return the subjects a service listens to."""
    ours = [each for each in CONSUMERS if each.listener == service]
    return {tag(event) for each in ours for event in each.events}


def tables_after(migrations: list[str]) -> set[str]:
    """Return the tables that these migrations, in order, leave behind."""
    tables: set[str] = set()
    for text in migrations:
        tables |= set(CREATED.findall(text))
        for old, new in RENAMED.findall(text):
            tables = (tables - {old}) | {new}
        tables -= set(DROPPED.findall(text))
    return tables


def settings_of(service: str) -> set[str]:
    """Return the variables that this service has besides those of everybody."""
    shape = import_module(f"services.{service}.settings").Settings
    common = {each.name for each in msgspec.structs.fields(CommonSettings)}
    return {each.name.upper() for each in msgspec.structs.fields(shape) if each.name not in common}


def read(service: str) -> str:
    return (ROOT / "services" / service / "README.md").read_text(encoding="utf-8")


def test_contracts_name_every_module_of_theirs() -> None:
    folder = ROOT / "contracts"
    modules = {each.name for each in folder.glob("*.py")} - {"__init__.py"}

    assert sorted(modules - named_in((folder / "README.md").read_text(encoding="utf-8"))) == []


def test_the_chassis_names_every_module_of_its_rooms() -> None:
    folder = ROOT / "services/chassis"
    modules = {each.name for each in folder.rglob("*.py")} - {"__init__.py"}

    assert sorted(modules - named_in((folder / "README.md").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_readme_names_every_event_that_is_heard(service: str) -> None:
    heard, named = heard_by(service), named_in(read(service))

    assert heard
    assert [each for each in sorted(heard) if not {each, each.partition(".")[2]} & named] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_readme_names_every_table(service: str) -> None:
    folder = ROOT / "services" / service / "migrations"
    tables = tables_after([each.read_text(encoding="utf-8") for each in sorted(folder.glob("*"))])

    assert tables
    assert sorted(tables - named_in(read(service))) == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_readme_names_every_setting(service: str) -> None:
    settings = settings_of(service)

    assert settings
    assert sorted(settings - named_in(read(service))) == []


def test_tables_are_followed_through_their_migrations() -> None:
    steps = [
        "CREATE TABLE a (x text);\nCREATE TABLE b (x text);",
        "ALTER TABLE a RENAME TO c;\nDROP TABLE b;\n-- CREATE TABLE d",
    ]

    assert tables_after(steps) == {"c"}


def test_a_name_counts_in_a_code_span_alone() -> None:
    assert named_in("orders, `POST /x`, `stock.y` and\n`a`\n`") == {"POST", "x", "stock.y", "a"}
