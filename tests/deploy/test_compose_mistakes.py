"""What validates the compose file finds the mistake it is there for."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import test_compose as rules
from tests.deploy.conftest import PRODUCTION, ROOT, Compose, Model

REFUSED = {
    "service_healthy}": ("service_helthy}", "must be one of 'service_started'"),
    "restart: unless-stopped": ("restrat: unless-stopped", "restrat"),
    "networks: [data]": ("networks: [date]", "date"),
    "secrets: [owner_password]": ("secrets: [owner_pasword]", "owner_pasword"),
    "interval: 10s": ("interval: soon", "soon"),
    "- {source: nats,": ("- {source: bus,", "bus"),
}


@pytest.mark.parametrize("right", REFUSED)
def test_compose_refuses(compose: Compose, right: str, tmp_path: Path) -> None:
    wrong, named = REFUSED[right]
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert right in text
    path = tmp_path / "docker-compose.yml"
    path.write_text(text.replace(right, wrong), encoding="utf-8")

    done = compose("--file", str(path), "config", "--quiet", **PRODUCTION)

    assert done.returncode != 0
    assert named in done.stderr


def test_who_names_no_address_is_told_how_to_try_it_out(compose: Compose) -> None:
    done = compose("config", "--quiet")

    assert done.returncode != 0
    assert "--env-file deploy/compose/sandbox.env" in done.stderr


Mistake = Callable[[dict[str, Any]], Any]
# Which rule notices it: the mistake is planted in the resolved model, which Compose would accept.
PLANTED: dict[str, tuple[Callable[[Model], None], Mistake]] = {
    "a writable container": (
        rules.test_every_container_is_fenced_in,
        lambda s: s["checkout"].update(read_only=False),
    ),
    "capabilities": (
        rules.test_every_container_is_fenced_in,
        lambda s: s["notify"].update(cap_add=["NET_RAW"]),
    ),
    "root": (
        rules.test_every_container_is_fenced_in,
        lambda s: s["pledges"].update(user="0:0"),
    ),
    "no limit": (
        rules.test_every_container_is_fenced_in,
        lambda s: s["valkey"]["deploy"]["resources"]["limits"].pop("memory"),
    ),
    "the ledger on the internet": (
        rules.test_databases_are_on_a_network_that_leads_nowhere,
        lambda s: s["pledges"]["networks"].update(outside=None),
    ),
    "a database on another network": (
        rules.test_databases_are_on_a_network_that_leads_nowhere,
        lambda s: s["postgres"]["networks"].update(inside=None),
    ),
    "another's secret": (
        rules.test_a_secret_is_a_file_and_only_those_who_need_it_have_it,
        lambda s: s["site"]["secrets"].append({"source": "resend_api_key"}),
    ),
    "a secret in the open": (
        rules.test_no_secret_stands_in_the_environment,
        lambda s: s["site"]["environment"].update(ADMIN_SECRET="x" * 40),
    ),
    "a misspelt setting": (
        rules.test_every_name_is_one_its_service_reads,
        lambda s: s["site"]["environment"].update(SITE_BSAE="x"),
    ),
    "a role forgotten": (
        rules.test_every_role_of_every_service_runs_once,
        lambda s: s.pop("settlement-charger"),
    ),
    "a name that only one can have": (
        rules.test_any_role_can_run_more_than_once,
        lambda s: s["settlement-charger"].update(container_name="charger"),
    ),
    "no health check": (
        rules.test_who_runs_for_long_comes_back_and_is_looked_at,
        lambda s: s["site"]["healthcheck"].update(test=["NONE"]),
    ),
    "nobody waits for tables": (
        rules.test_a_service_waits_for_its_tables_only,
        lambda s: s["site"].update(depends_on={}),
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_rule_notices(name: str, production: Model) -> None:
    rule, mistake = PLANTED[name]
    wrong = copy.deepcopy(production)
    mistake(wrong["services"])
    rule(production)

    with pytest.raises((AssertionError, KeyError)):
        rule(wrong)
