"""settle: look at a settlement before it charges, start it, watch it."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from deploy.local import loopback
from deploy.local.cli.console import (
    data_option,
    has_colour,
    json_option,
    money,
    print_json,
    refuse,
    say,
    stack_of,
)

POLL_SECONDS = 0.5
STILL_SECONDS = 30.0
LINE_EVERY_SECONDS = 5.0
DECIDED = ("succeeded", "failed", "lost")


@click.command()
@click.argument("slug")
@click.option("--preview", is_flag=True, help="Show the plan; charge nobody.")
@json_option
@data_option
def settle(*, slug: str, preview: bool, as_json: bool, data: Path) -> None:
    """Charge a closed, funded campaign's supporters; each exactly once."""
    document = stack_of(data, as_json=as_json)
    site, secret = document["site"], document["admin_secret"]
    try:
        if preview:
            plan = loopback.call(
                "POST", f"{site}/admin/settle/{slug}", body={"dryRun": True}, bearer=secret
            )
            print_json(plan) if as_json else _show_plan(plan)
            return
        loopback.call("POST", f"{site}/admin/settle-dispatch/{slug}", body={}, bearer=secret)
        run = _watch(f"{site}/admin/settlements/{slug}", secret, is_quiet=as_json)
    except loopback.CallFailed as exc:
        refuse(f"{slug}: {exc}", as_json=as_json)
    if as_json:
        print_json(run)
    else:
        _show_run(run)
    sys.exit(0 if _is_decided(run) else 1)


def _runs(url: str, secret: str) -> Iterator[dict[str, Any]]:
    """Yield the run until it is decided, or nothing has moved for a while."""
    last, moved_at = None, time.monotonic()
    while True:
        run: dict[str, Any] = loopback.call("GET", url, bearer=secret)
        yield run
        figures = [run.get(name) for name in ("status", "planned", "unknown", *DECIDED)]
        if figures != last:
            last, moved_at = figures, time.monotonic()
        if _is_decided(run) or time.monotonic() - moved_at > STILL_SECONDS:
            return
        time.sleep(POLL_SECONDS)


def _watch(url: str, secret: str, *, is_quiet: bool) -> dict[str, Any]:
    run: dict[str, Any] = {}
    if has_colour() and not is_quiet:
        from rich.progress import Progress

        with Progress() as bar:
            task = bar.add_task("Charging", total=None)
            for run in _runs(url, secret):
                bar.update(task, total=run["planned"] or None, completed=_decided(run))
        return run
    said_at = 0.0
    for run in _runs(url, secret):
        if not is_quiet and time.monotonic() - said_at > LINE_EVERY_SECONDS:
            say(f"{_decided(run)} of {run['planned']} supporters decided")
            said_at = time.monotonic()
    return run


def _decided(run: dict[str, Any]) -> int:
    return sum(int(run.get(name) or 0) for name in DECIDED)


def _is_decided(run: dict[str, Any]) -> bool:
    if run.get("settledAt"):
        return True
    return bool(run.get("planned")) and _decided(run) == run["planned"]


def _show_plan(plan: dict[str, Any]) -> None:
    supporters = plan["supporters"]
    count = supporters if isinstance(supporters, int) else len(supporters)
    say(f"{plan['campaignSlug']}: {count} supporters, {money(plan['totalAmount'])}")
    say(f"expected fees {money(plan.get('expectedFees'))}; nobody has been charged")
    for each in plan.get("charges", []):
        flags = ", ".join(each.get("flags") or [])
        pledges = len(each.get("orderIds", []))
        what = f"{pledges} pledge{'' if pledges == 1 else 's'}"
        say(f"  {money(each['amount']):>12}  {what}  {flags}".rstrip())
    for each in plan.get("excluded", []):
        say(f"  left out: {each['orderId']}: {each['reason']}")


def _show_run(run: dict[str, Any]) -> None:
    amounts = run.get("amounts") or {}
    say(f"status {run.get('status')}")
    for name in ("planned", "succeeded", "failed", "unknown", "lost"):
        say(f"  {name:<10}{run.get(name, 0):>8}  {money(amounts.get(name))}")
