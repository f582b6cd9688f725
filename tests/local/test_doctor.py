"""doctor names what is wrong, why, and what to do; on a stopped stack too."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.local import versions
from deploy.local.cli import pool
from deploy.local.doctor import Check, Doctor
from deploy.local.environment import all_settings
from deploy.local.layout import DataDir, write_json
from tests.support.stack import Servers


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataDir:
    for name in all_settings():
        monkeypatch.delenv(name, raising=False)
    return DataDir(tmp_path)


def _found(data: DataDir) -> dict[str, Check]:
    return {check.name: check for check in Doctor(data).checks()}


def test_a_new_folder_is_well(data: DataDir) -> None:
    found = _found(data)

    assert {check.result for check in found.values()} == {"ok", "skipped"}
    assert {name for name, check in found.items() if check.result == "skipped"} == {
        "services", "migrations", "clock", "payments", "reconciliation", "disputes", "backup"
    }  # fmt: skip


def test_each_mistake_comes_with_a_reason_and_a_way_out(data: DataDir) -> None:
    data.env_file.write_text(
        "STRIPE_SECRET_KEY=sk_test_real\nADMIN_SECRET=short\nPLATFORM_TIMEZONE=Mars/Olympus\n"
        "DATABASE_URL=postgresql://pool:x@127.0.0.1:9/pool\n"
    )

    wrong = {name: check for name, check in _found(data).items() if check.result == "wrong"}

    assert set(wrong) == {"webhook secret", "secrets", "time zone", "postgres"}
    assert all(check.why and check.fix for check in wrong.values())


def test_a_live_key_is_wrong(data: DataDir) -> None:
    data.env_file.write_text("STRIPE_SECRET_KEY=sk_live_x\n")

    assert _found(data)["settings"].result == "wrong"


def test_the_exit_code_and_the_json_say_it_too(data: DataDir) -> None:
    arguments = ["doctor", "--json", "--data", str(data.path)]
    well = CliRunner().invoke(pool, arguments)
    data.env_file.write_text("ADMIN_SECRET=short\n")
    ill = CliRunner().invoke(pool, arguments)

    assert (well.exit_code, json.loads(well.stdout)["ok"]) == (0, True)
    assert (ill.exit_code, json.loads(ill.stdout)["ok"]) == (1, False)
    assert set(json.loads(ill.stdout)["checks"][0]) == {"name", "result", "why", "fix"}


def test_running_servers_are_asked_for_their_version(servers: Servers) -> None:
    shown = {
        versions.postgres(servers.owner_url): versions.POSTGRES_MIN,
        versions.nats(servers.nats_url): versions.NATS_MIN,
        versions.valkey(servers.redis_url): versions.VALKEY_MIN,
    }

    assert all(versions.numbers(found) >= versions.numbers(least) for found, least in shown.items())


@pytest.mark.parametrize(
    ("older", "newer"), [("2.9.10", "2.14.3"), ("18.4", "18.10"), ("7.0.15", "7.2.5")]
)
def test_versions_compare_as_numbers(older: str, newer: str) -> None:
    assert versions.numbers(older) < versions.numbers(newer)


@pytest.mark.parametrize(
    ("hours", "result"), [pytest.param(3, "ok", id="young"), pytest.param(5, "wrong", id="old")]
)
def test_an_old_backup_is_told(data: DataDir, hours: int, result: str) -> None:
    data.create()
    made = datetime.now(UTC) - timedelta(hours=hours)
    write_json(data.file("backup.json"), {"at": made.isoformat(), "in": "/backups/one"})

    found = _found(data)["backup"]

    assert (found.result, f"{hours}.0 hours old, in /backups/one" in found.why) == (result, True)
