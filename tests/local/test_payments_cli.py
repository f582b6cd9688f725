"""reconcile, pause, resume, disputes, campaigns cancel: what they ask, and how they end."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.local.cli import pool
from tests.local.test_cli import Cli, cli

__all__ = ["cli"]

BREAK = {
    "kind": "other_sum",
    "subject": "chg_1",
    "campaignSlug": "one-roll",
    "ours": "5944 usd",
    "theirs": "1 usd",
}
PAUSE = {"isPaused": False, "because": "", "changedBy": "zoe", "changedAt": None}
DISPUTE = {
    "disputeId": "du_1",
    "status": "needs_response",
    "amount": 5_944,
    "evidenceDueAt": "2026-01-09T00:00:00Z",
    "campaignSlug": "one-roll",
    "supporter": "sup_1",
    "orderIds": ["o1", "o2"],
}


def a_run(**facts: Any) -> dict[str, Any]:
    return {
        "runId": 7,
        "finishedAt": "2026-01-01T00:00:00Z",
        "charges": 2,
        "intents": 3,
        "breaks": [],
        "error": None,
        **facts,
    }


LOST = "POST /admin/recover-lost-checkouts"


@pytest.fixture
def answered(cli: Cli) -> Cli:
    cli.answers["POST /admin/reconcile"] = (200, {"run": a_run(finishedAt=None)})
    cli.answers[LOST] = (409, {"error": "not_recovering", "message": "Not restored."})
    return cli


def test_after_a_restore_what_cannot_be_made_again_is_named_and_is_wrong(answered: Cli) -> None:
    lost = {"orderId": "o9", "sessionId": "cs_9", "amount": "5944", "reason": "It is over."}
    answered.answers[LOST] = (200, {"known": 3, "madeAgain": 1, "lost": [lost], "after": None})
    answered.answers["GET /admin/reconciliations?run=7"] = (200, {"run": a_run()})

    result = answered.run("reconcile")

    assert result.exit_code == 1
    assert "3 checkouts known, 1 made again from what Stripe has, 1 lost" in result.output
    assert "o9  cs_9  5944 cents: It is over." in result.output


@pytest.mark.parametrize(
    ("run", "code", "says"),
    [
        pytest.param(a_run(), 0, "2 charges compared", id="agree"),
        pytest.param(a_run(breaks=[BREAK]), 1, "other_sum", id="a break"),
        pytest.param(a_run(breaks=None, error="APIError"), 1, "APIError", id="Stripe away"),
    ],
)
def test_reconcile_waits_and_ends_with_one_where_they_differ(
    answered: Cli, run: dict[str, Any], code: int, says: str
) -> None:
    report = {"run": run, "openBreaks": []}
    answered.answers["GET /admin/reconciliations?run=7"] = (200, report)

    result = answered.run("reconcile", "--dry-run")
    as_json = answered.run("reconcile", "--json")

    assert result.exit_code == as_json.exit_code == code
    assert says in result.stdout
    assert json.loads(as_json.stdout) == {**report, "checkouts": None}


@pytest.mark.parametrize(
    ("arguments", "route"),
    [(["resume"], "resume"), (["pause", "a restore"], "pause")],
)
def test_the_switch_is_asked_with_the_secret(
    answered: Cli, arguments: list[str], route: str
) -> None:
    answered.answers[f"POST /admin/payments/{route}"] = (200, PAUSE)

    result = answered.run(*arguments)
    as_json = answered.run(*arguments, "--json")

    assert (result.exit_code, json.loads(as_json.stdout)) == (0, PAUSE)
    assert answered.seen[0] == (f"POST /admin/payments/{route}", f"Bearer {'a' * 32}")


def test_disputes_are_listed_and_one_is_everything_we_have(answered: Cli) -> None:
    answered.answers["GET /admin/disputes"] = (200, [DISPUTE])
    answered.answers["GET /admin/disputes/du_1"] = (200, {"dispute": DISPUTE, "charge": {}})
    for order in ("o1", "o2"):
        answered.answers[f"GET /admin/evidence/{order}"] = (200, {"orderId": order})
        answered.answers[f"GET /admin/mails/{order}"] = (200, [{"mailId": order}])

    listed = answered.run("disputes")
    bundle = json.loads(answered.run("disputes", "du_1").stdout)

    assert "du_1" in listed.stdout
    assert "1 disputes" in listed.stdout
    assert [each["orderId"] for each in bundle["pledges"]] == ["o1", "o2"]
    assert [each["mailId"] for each in bundle["mails"]] == ["o1", "o2"]


def test_a_dispute_nobody_knows_is_one(answered: Cli) -> None:
    assert answered.run("disputes", "du_2").exit_code == 1


def test_cancel_says_when_and_a_refusal_is_one(answered: Cli) -> None:
    answer = {"campaignSlug": "one-roll", "cancelledAt": "2026-01-01T00:00:00Z"}
    answered.answers["POST /admin/campaigns/one-roll/cancel"] = (200, answer)
    answered.answers["POST /admin/campaigns/long-gone/cancel"] = (
        409,
        {"error": "not_live", "message": "Only a live campaign can be ended early."},
    )

    done = answered.run("campaigns", "cancel", "one-roll")
    refused = answered.run("campaigns", "cancel", "long-gone")

    assert (done.exit_code, refused.exit_code) == (0, 1)
    assert "one-roll ended at 2026-01-01" in done.stdout
    assert "Only a live campaign" in refused.stderr


@pytest.mark.parametrize("arguments", [["reconcile"], ["resume"], ["pause"], ["disputes"]])
def test_without_a_stack_it_is_one(arguments: list[str], tmp_path: Path) -> None:
    assert CliRunner().invoke(pool, [*arguments, "--data", str(tmp_path)]).exit_code == 1
