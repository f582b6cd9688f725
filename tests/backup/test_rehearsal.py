"""The rehearsal: everything is destroyed while Stripe is ahead of the backup, and comes back.

Nobody is charged twice, every sum adds up, and what was lost is named. Source: reliability
B-1 to B-5.
"""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from deploy.local.layout import DataDir
from tests.backup.conftest import Commands
from tests.support.platform import Platform, RunningStack, eventually
from tests.support.stack import Stack, running_stack, temporary_folder

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

# They are the world outside and the operator's own: neither is destroyed, neither is in a backup.
SURVIVE = ("sandbox", "secrets.json")


def visitor(stack: Any) -> Platform:
    """Return a person and an operator of a stack."""
    running: RunningStack = stack
    return Platform(running)


def succeeded(platform: Platform, slug: str) -> Counter[str]:
    """Return how often Stripe took money from each customer."""
    return Counter(
        each["customer"] for each in platform.charges(slug) if each["status"] == "succeeded"
    )


def test_a_restored_platform_charges_nobody_twice(pool: Commands) -> None:
    with temporary_folder() as folder:
        backup, survivors = folder / "backup", folder / "survivors"
        with running_stack() as stack:
            before = live_through_a_disaster(pool, stack, backup, survivors)

        restored = folder / "restored"
        shutil.copytree(survivors, restored)
        code, said = pool.answer("restore", str(backup), data=restored)
        assert (code, said["wrong"]) == (0, [])
        content = DataDir(restored).campaigns
        with running_stack(data=str(restored), campaigns=str(content), settings={}) as stack:
            platform = visitor(stack)
            try:
                come_back(pool, platform, restored, before)
            finally:
                platform.close()


def live_through_a_disaster(
    pool: Commands, stack: Stack, backup: Path, survivors: Path
) -> dict[str, Any]:
    """Two campaigns; a backup; then one closes and is charged, and the other gets a pledge."""
    platform = visitor(stack)
    try:
        platform.publish("paid", ends_in_days=2, goal=10)
        platform.publish("running", ends_in_days=20, goal=10)
        platform.pledge("paid", email="ada@example.org")
        platform.pledge("paid", email="bo@example.org")
        platform.pledge("running", email="ada@example.org")

        # A link that signs in waits in the backup; it opens nothing afterwards.
        _, invited = pool.answer("admin", "invite", "zoe@example.org", data=stack.data)
        code, made = pool.answer("backup", str(backup), data=stack.data)
        assert code == 0
        assert made["manifest"]["campaigns"]["paid"]["pledges"] == 2

        late = platform.pledge("running", email="cy@example.org")
        platform.close_campaign("paid")
        platform.wait_settled("paid")
        taken = succeeded(platform, "paid")
        assert sorted(taken.values()) == [1, 1]
        survivors.mkdir(parents=True)
        for name in SURVIVE:
            source = stack.data / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, survivors / name)
        return {"taken": taken, "late": late["orderId"], "link": invited["signInUrl"]}
    finally:
        platform.close()


def come_back(pool: Commands, platform: Platform, restored: Path, before: dict[str, Any]) -> None:
    """What an operator does after a restore, and what people see meanwhile."""
    assert platform.http.get("/campaigns/running/").status_code == 200
    spent = platform.http.post("/admin/sign-in/", data={"t": before["link"].partition("?t=")[2]})
    assert spent.status_code == 401
    refused = platform.start("running", email="di@example.org")
    assert (refused.status_code, refused.json()["error"]) == (503, "recovering")
    too_early = pool("resume", data=restored)
    assert (too_early.returncode, "reconcile" in too_early.stderr) == (1, True)
    assert platform.live("running")["stats"]["pledgeCount"] == 1

    code, report = pool.answer("reconcile", data=restored)
    assert (report["checkouts"]["madeAgain"], report["checkouts"]["lost"]) == (1, [])
    eventually(lambda: platform.live("running")["stats"]["pledgeCount"] == 2, what="made again")
    # Stripe took two payments that this database never heard of: they are named.
    assert code == 1
    assert [each["kind"] for each in report["run"]["breaks"]] == ["missing_here", "missing_here"]
    assert pool("resume", data=restored).returncode == 1
    assert succeeded(platform, "paid") == before["taken"]

    assert pool("resume", "--acknowledge", data=restored).returncode == 0
    settled = platform.wait_settled("paid")
    assert (settled["planned"], settled["succeeded"]) == (2, 2)
    assert succeeded(platform, "paid") == before["taken"]
    assert platform.http.get(f"/checkout-intent/status/{before['late']}").json()["persisted"]
    _, again = pool.answer("reconcile", data=restored)
    assert again["run"]["breaks"] == []
    _, checked = pool.answer("ledger", "check", data=restored)
    # Mails that went out after the backup are in the inbox, and in no table of ours any more.
    found = {each["invariant"] for each in checked["invariants"]["violations"]}
    assert (checked["inSync"], found - {"I-11", "I-13"}) == (True, set()), checked
    assert platform.pledge("running", email="di@example.org")["orderId"]
