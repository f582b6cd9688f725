"""What an operator types at night, on a running platform."""

import asyncio
import json
import subprocess
import sys
import time
from typing import Any

import pytest

from deploy.local import service_command
from deploy.local.layout import DataDir
from deploy.local.sql import run_sql
from tests.recovery.people import publish_raw
from tests.support.platform import Platform, eventually
from tests.support.stack import Stack

# Longer than anybody gathers events before telling of them.
STILL_SECONDS = 2.0


@pytest.fixture(scope="module")
def platform(stack: Any) -> Any:
    visitor = Platform(stack)
    yield visitor
    visitor.close()


def pool(stack: Stack, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = (sys.executable, "-P", "-m", "deploy.local", *arguments, "--data", str(stack.data))
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def figures_at_rest(stack: Stack) -> str:
    """Return the figures once nothing follows any more from what was done."""

    def unchanged() -> str:
        before = figures(stack)
        time.sleep(STILL_SECONDS)
        return before if figures(stack) == before else ""

    return str(eventually(unchanged, what="the figures stand still"))


def figures(stack: Stack) -> str:
    """Return everything that a replay must not change."""
    return run_sql(
        stack.owner_url,
        """
        SELECT (SELECT count(*) FROM pledges.pledges), (SELECT count(*) FROM notify.mails),
               (SELECT count(*) FROM checkout.orders), (SELECT count(*) FROM pledges.inbox),
               (SELECT count(*) FROM notify.inbox), (SELECT count(*) FROM checkout.outbox)
        """,
    )


def test_every_outbox_can_be_replayed_and_nothing_changes(stack: Stack, platform: Platform) -> None:
    slug = platform.publish("said-again")
    platform.pledge(slug, email="ines@example.org")
    platform.mail("ines@example.org", "Pledge confirmed")
    before = figures_at_rest(stack)

    for service in ("site", "checkout", "pledges", "settlement"):
        said = pool(stack, "replay", service, "--json")
        assert said.returncode == 0, said.stderr
        answer = json.loads(said.stdout)
        assert answer["published"] == sum(answer["found"].values())
    assert pool(stack, "replay", "pledges", "--type", "pledges.created").returncode == 0

    assert figures(stack) == before
    noted = run_sql(stack.owner_url, "SELECT count(*) FROM pledges.operator_actions")
    assert noted.strip() == "2"


def test_a_parked_event_is_listed_and_retried_by_its_name(stack: Stack, platform: Platform) -> None:
    subject, headers = "checkout.completed.nobody", {"Nats-Msg-Id": "from-outside"}
    asyncio.run(publish_raw(stack.nats_url, subject, b"{", headers))
    (found,) = eventually(
        lambda: json.loads(pool(stack, "parked", "pledges", "--json").stdout)["parked"]
    )
    assert found["consumer"] == "pledges-orders"
    assert found["eventId"] == "from-outside"

    assert found["id"] in pool(stack, "parked").stdout
    said = pool(stack, "parked", "--retry", found["id"], "--json")

    assert said.returncode == 1
    (outcome,) = json.loads(said.stdout)["retried"]
    assert outcome["outcome"] == "failed again"
    assert "DecodeError" in outcome["error"]


@pytest.mark.parametrize("service", ["site", "checkout", "pledges", "settlement", "notify"])
def test_every_service_can_retry_with_its_own_handlers(
    stack: Stack, platform: Platform, service: str
) -> None:
    asked = service_command.ask(DataDir(stack.data), service, "parked", "--retry", "4711")

    assert asked.returncode == 1
    assert asked.stderr == "4711 is not parked here\n"


@pytest.mark.parametrize("wrong", ["12", "nobody-1", "pledges-", "pledges-x"])
def test_a_wrong_id_is_a_wrong_usage(stack: Stack, wrong: str) -> None:
    assert pool(stack, "parked", "--retry", wrong).returncode == 2


def test_a_wrong_moment_is_named(stack: Stack) -> None:
    said = pool(stack, "replay", "site", "--since", "yesterday")

    assert said.returncode == 2
    assert "'yesterday' is no moment" in said.stderr
