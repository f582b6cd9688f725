"""NATS on three nodes: who is told of whom. What it survives is in `./pool chaos cluster`."""

from pathlib import Path

import pytest

from deploy.local import plan
from deploy.local.environment import Environment, all_settings, assemble
from deploy.local.layout import SERVICES, DataDir

NODES = 3


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[DataDir, Environment]:
    for name in all_settings():
        monkeypatch.delenv(name, raising=False)
    data = DataDir(tmp_path)
    data.create()
    given = {"DATABASE_URL": "postgresql://pool@127.0.0.1/pool", "REDIS_URL": "redis://127.0.0.1"}
    names = plan.port_names(given, with_services=False, chargers=1, nats_nodes=NODES)
    ports = {name: 20_000 + number for number, name in enumerate(names)}
    return data, assemble(data, given, ports)


def test_each_node_has_a_store_of_its_own_and_knows_all_routes(
    three: tuple[DataDir, Environment],
) -> None:
    data, env = three

    specs = plan.server_specs(data, env)

    assert [each.name for each in specs] == ["nats", "nats-2", "nats-3"]
    configs = [Path(each.argv[-1]).read_text(encoding="utf-8") for each in specs]
    routes = [port for name, port in env.ports.items() if name.endswith("-route")]
    for each in specs:
        text = Path(each.argv[-1]).read_text(encoding="utf-8")
        assert f'store_dir: "{data.nats / each.name}"' in text
        assert all(f"127.0.0.1:{port}" in text for port in routes)
        # A stranger on the machine must not join, and hear everything.
        assert f"authorization {{ user: pool, password: {env.values['NATS_PASSWORD']}" in text
    assert len({text.partition("\n")[0] for text in configs}) == NODES


def test_every_service_is_told_of_every_node_under_its_own_name(
    three: tuple[DataDir, Environment],
) -> None:
    _, env = three

    for service in SERVICES:
        urls = env.server_url("nats", service).split(",")
        assert [url.rpartition(":")[2] for url in urls] == [
            str(env.ports[name]) for name in plan.nats_names(NODES)
        ]
        assert all(url.startswith(f"nats://{service}:") for url in urls)


def test_one_node_is_no_cluster(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.create()
    given = {"DATABASE_URL": "postgresql://pool@127.0.0.1/pool", "REDIS_URL": "redis://127.0.0.1"}
    names = plan.port_names(given, with_services=False, chargers=1)
    env = assemble(data, given, dict(zip(names, range(20_000, 20_010), strict=False)))

    (only,) = plan.server_specs(data, env)

    assert "cluster {" not in Path(only.argv[-1]).read_text(encoding="utf-8")
    assert f'store_dir: "{data.nats}"' in Path(only.argv[-1]).read_text(encoding="utf-8")
