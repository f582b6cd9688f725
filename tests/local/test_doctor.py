"""doctor names what is wrong, why, and what to do; on a stopped stack too."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner

from deploy.local import versions
from deploy.local.cli import pool
from deploy.local.doctor import Check, Doctor
from deploy.local.environment import all_settings
from deploy.local.layout import DataDir, write_json
from tests.support.stack import Database, Servers


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
        "services", "migrations", "parked events", "clock", "payments", "reconciliation",
        "disputes", "backup",
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


def _of_database(data: DataDir, postgres: str) -> Doctor:
    """Return a doctor of a stack of which the database alone is there."""
    doctor = Doctor(data)
    doctor.document = {"postgres": postgres, "sandbox": "http://127.0.0.1:9"}
    doctor.found = {"services": {}}
    return doctor


async def test_parked_events_are_told_and_those_that_wait_behind_them_are_not(
    data: DataDir, database: Database
) -> None:
    owner = await asyncpg.connect(database.owner_url)
    doctor = _of_database(data, database.owner_url)
    before = doctor._parked()
    for event, is_waiting in (("first", False), ("behind", True)):
        await owner.execute(
            """
            INSERT INTO pledges.parked_events (consumer, subject, event_id, aggregate_id,
                aggregate_version, payload, headers, error, deliveries, is_waiting)
            VALUES ('pledges-orders', 'x', $1, 'a', 1, '', '{}', 'KeyError', 1, $2)
            """,
            event,
            is_waiting,
        )
    await owner.close()

    found = doctor._parked()

    assert before.result == "ok"
    assert (found.result, found.why) == ("wrong", "a person must look at: pledges 1")
    assert "./pool parked" in found.fix


def test_a_database_that_is_away_is_a_sentence_not_a_traceback(data: DataDir) -> None:
    doctor = _of_database(data, "postgresql://pool:secret@127.0.0.1:9/pool")

    for found in (doctor._parked(), doctor._clock()):
        assert found.result == "wrong"
        assert found.why.startswith("Postgres does not say: ")
        assert "secret" not in found.why
