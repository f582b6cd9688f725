"""The house: the same rooms in every service, migrations that say why, one distribution."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidy.source import ROOT, assert_tidy
from tests.tidy.test_layers import room_of

SERVICES = ("checkout", "pledges", "settlement", "notify", "site")
ROOMS = ("README.md", "__init__.py", "__main__.py", "app.py", "settings.py", "migrations")
ONE_OF = (
    ("consumers.py",),
    ("handlers.py", "handlers"),
    ("queries.py", "queries"),
)
# The plan: from the edge to the ground, as docs/architecture.md shows it. site has a plan of
# its own below it: it draws pages, and passes on.
PLAN = (
    "app.py",
    "routes/",
    "consumers.py",
    "schedules/",
    "steps/",
    "handlers/",
    "queries/",
    "*_gateway",
    "domain/",
    "settings.py",
    "migrations/",
)
BY_THE_PLAN = ("checkout", "pledges", "settlement", "notify")
# What is no code, or how Python finds it.
BESIDE = {"README.md", "__init__.py", "__main__.py", "__pycache__", "templates", "translations"}
SYNONYMS = {
    "config.py": "settings.py",
    "models.py": "domain.py",
    "service.py": "handlers.py",
    "services.py": "handlers.py",
    "repository.py": "queries.py",
    "views.py": "routes.py",
    "endpoints.py": "routes.py",
    "tasks.py": "schedules.py",
    "jobs.py": "schedules.py",
    "listeners.py": "consumers.py",
}
# Beside rules these are what a letter or a page shows, and no room.
BELOW_ANOTHER_ROOM = {"views.py"}
# site's dashboard is put together where its screens are.
MAY_HOLD_CODE = {"services/site/routes/admin/__init__.py"}
README_LINES_MAX = 80
MIGRATION = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
LOCK = "SET LOCAL lock_timeout = '5s';"


def missing_rooms(folder: Path) -> Iterator[str]:
    """Every service has the same rooms, under the same names."""
    for room in ROOMS:
        if not (folder / room).exists():
            yield f"{folder}:1: has no {room}"
    for names in ONE_OF:
        if not any((folder / name).exists() for name in names):
            yield f"{folder}:1: has neither {' nor '.join(names)}"
    for path in sorted(folder.rglob("*.py")):
        name = f"{path.parent.name}.py" if path.stem == "__init__" else path.name
        if path.parent != folder and path.name in BELOW_ANOTHER_ROOM:
            continue
        if name in SYNONYMS:
            yield f"{path}:1: is called {SYNONYMS[name]} in this house"


def odd_rooms(folder: Path) -> Iterator[str]:
    """A service has the rooms of the plan, and nothing stands between them."""
    for entry in sorted(folder.iterdir()):
        name = entry.name + "/" * entry.is_dir()
        is_gateway = entry.stem.endswith("_gateway")
        if entry.name not in BESIDE and name not in PLAN and not is_gateway and _is_source(entry):
            yield f"{folder}/{name}:1: is no room of the plan"


def _is_source(entry: Path) -> bool:
    """Tell a folder that Python's cache alone has outlived from one with files of ours."""
    return entry.is_file() or any(
        each.is_file() and "__pycache__" not in each.parts for each in entry.rglob("*")
    )


def shown_in(page: str) -> list[str]:
    """Return the rooms of a service, in the order in which a page shows them."""
    block = page.partition("services/<name>/\n")[2].partition("```")[0]
    return [line.split()[0] for line in block.splitlines() if line.strip()]


def code_of_a_room(path: Path) -> Iterator[str]:
    """A room's `__init__` holds its one line, so that each thing stands in a file of its name."""
    if path.read_text(encoding="utf-8").count("\n") > 1:
        yield f"{path}:1: a room's __init__ is a sentence"


def odd_migration(path: Path, text: str) -> Iterator[str]:
    """A migration says why, gives up on a lock, and keeps to types that cannot lie."""
    statements = [line for line in text.splitlines() if line.strip()]
    if not statements or not statements[0].startswith("-- "):
        yield f"{path}:1: opens without a comment that says why"
    first = next((line for line in statements if not line.startswith("--")), "")
    if first != LOCK:
        yield f"{path}:1: its first statement is not {LOCK}"
    for number, line in enumerate(text.splitlines(), 1):
        code = line.partition("--")[0].lower()
        if re.search(r"\btimestamp\b(?!tz)", code):
            yield f"{path}:{number}: a time without a zone"
        if re.search(r"_cents\s+(integer|int|numeric|real|double|float|money)\b", code):
            yield f"{path}:{number}: cents are bigint"
        if re.search(r"\b(real|float\d?|double precision|money)\b", code):
            yield f"{path}:{number}: a type that rounds"
        if re.search(r"default\s+(pg_catalog\.)?(now\(\)|current_timestamp)", code):
            yield f"{path}:{number}: business time comes from platform.now(), by the statement"


def odd_numbers(names: list[str]) -> Iterator[str]:
    """Migrations are numbered 1, 2, 3 …"""
    for place, name in enumerate(sorted(names), 1):
        matched = MIGRATION.fullmatch(name)
        if matched is None or int(matched[1]) != place:
            yield f"{name}:1: expected number {place:04d}"


def migrations() -> Iterator[Path]:
    yield from sorted((ROOT / "services").glob("*/migrations/*.sql"))
    yield from sorted((ROOT / "services/chassis/storage/sql").rglob("*.sql"))


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_rooms(service: str) -> None:
    assert_tidy(list(missing_rooms(ROOT / "services" / service)), "See style.md 2.3.")


@pytest.mark.parametrize("service", BY_THE_PLAN)
def test_every_service_but_site_has_the_rooms_of_the_plan(service: str) -> None:
    assert_tidy(list(odd_rooms(ROOT / "services" / service)), "See docs/architecture.md.")


def test_the_plan_is_what_the_page_shows_in_the_order_of_imports() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    ranks = [room_of("pledges", f"services.pledges.{_module(room)}")[1] for room in PLAN[:-1]]

    assert shown_in(page) == list(PLAN)
    # A gateway is as low as SQL is: neither imports the other.
    assert ranks == sorted(ranks, reverse=True)


def _module(room: str) -> str:
    return {"*_gateway": "stripe_gateway"}.get(room, room.rstrip("/").removesuffix(".py"))


def test_a_rooms_init_holds_its_one_line() -> None:
    found = [
        each
        for each in sorted((ROOT / "services").rglob("__init__.py"))
        if each.relative_to(ROOT).as_posix() not in MAY_HOLD_CODE
    ]

    assert found
    assert_tidy([each for path in found for each in code_of_a_room(path)], "Name what it holds.")


@pytest.mark.parametrize("service", SERVICES)
def test_every_readme_is_one_page(service: str) -> None:
    text = (ROOT / "services" / service / "README.md").read_text(encoding="utf-8")

    assert text.startswith(f"# {service}")
    assert text.count("\n") <= README_LINES_MAX, f"services/{service}/README.md is too long"


def test_every_migration_says_why_and_gives_up_on_a_lock() -> None:
    found = [
        finding
        for path in migrations()
        for finding in odd_migration(path.relative_to(ROOT), path.read_text(encoding="utf-8"))
    ]

    assert_tidy(found, "See style.md 2.10.")


def test_migrations_are_numbered_without_a_gap() -> None:
    folders = {path.parent for path in migrations()}
    found = [
        f"{folder.relative_to(ROOT)}/{finding}"
        for folder in sorted(folders)
        for finding in odd_numbers([path.name for path in folder.glob("*.sql")])
    ]

    assert_tidy(found, "Forward only, one after the other.")


def test_there_is_one_distribution_and_one_lock() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    packaging = re.compile(
        r"(.*/)?(pyproject\.toml|uv\.lock|setup\.(py|cfg)|Pipfile.*|poetry\.lock"
        r"|requirements[^/]*\.(txt|in))"
    )

    assert [path for path in tracked if packaging.fullmatch(path)] == ["pyproject.toml", "uv.lock"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("CREATE TABLE t ();", id="no comment, no lock"),
        pytest.param("-- Why.\nCREATE TABLE t ();", id="no lock"),
        pytest.param(f"-- Why.\n{LOCK}\nCREATE TABLE t (x timestamp);", id="no zone"),
        pytest.param(f"-- Why.\n{LOCK}\nCREATE TABLE t (a_cents integer);", id="small cents"),
        pytest.param(f"-- Why.\n{LOCK}\nCREATE TABLE t (x double precision);", id="rounds"),
        pytest.param(
            f"-- Why.\n{LOCK}\nCREATE TABLE t (x timestamptz DEFAULT now());", id="our own clock"
        ),
    ],
)
def test_the_migration_rule_finds_what_it_forbids(text: str) -> None:
    good = f"-- Why.\n{LOCK}\nCREATE TABLE t (x timestamptz, a_cents bigint);"

    assert list(odd_migration(Path("x.sql"), text))
    assert not list(odd_migration(Path("x.sql"), good))


def test_the_numbering_rule_finds_a_gap_and_a_wrong_name() -> None:
    assert not list(odd_numbers(["0001_a.sql", "0002_b.sql"]))
    assert list(odd_numbers(["0001_a.sql", "0003_b.sql"]))
    assert list(odd_numbers(["0001-a.sql"]))


def test_the_plan_finds_what_stands_between_the_rooms(tmp_path: Path) -> None:
    for name in ("app.py", "README.md", "stripe_gateway.py", "pricing.py"):
        (tmp_path / name).touch()
    for name in ("domain", "utils"):
        (tmp_path / name).mkdir()
    (tmp_path / "domain/__init__.py").write_text('"""Rules."""\n')
    (tmp_path / "utils/__init__.py").write_text('"""Things."""\n\nX = 1\n')

    assert [each.partition(":")[0] for each in odd_rooms(tmp_path)] == [
        f"{tmp_path}/pricing.py",
        f"{tmp_path}/utils/",
    ]
    assert not list(code_of_a_room(tmp_path / "domain/__init__.py"))
    assert list(code_of_a_room(tmp_path / "utils/__init__.py"))


def test_the_rooms_rule_finds_a_missing_room_and_a_synonym(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "models.py").touch()
    (folder / "handlers").mkdir()
    (folder / "handlers" / "repository.py").touch()

    found = "\n".join(missing_rooms(folder))

    assert "has no README.md" in found
    assert "is called domain.py" in found
    assert "is called queries.py" in found
