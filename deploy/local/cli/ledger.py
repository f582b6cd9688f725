"""ledger check: history, pledges and totals must say the same, and all else agree with them."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from deploy.chaos.checker import Report, Violation
from deploy.chaos.inspection import inspect
from deploy.local import loopback
from deploy.local.cli.console import (
    data_option,
    json_option,
    paint,
    print_json,
    refuse,
    say,
    stack_of,
)
from deploy.local.layout import DataDir

CHECK_SECONDS = 120
REST_SECONDS = 10.0


@click.group()
def ledger() -> None:
    """Prove that the pledge ledger is right."""


@ledger.command()
@click.argument("slug", required=False)
@json_option
@data_option
def check(*, slug: str | None, as_json: bool, data: Path) -> None:
    """Compare history, pledges and totals, of one campaign or of all.

    On this machine's own stack every other invariant is checked too: charges, stock, mails,
    events, and what Stripe and the inbox say about them.
    """
    document = stack_of(data, as_json=as_json)
    path = f"/stats/{slug}/check" if slug else "/admin/projections/check"
    answer = _asked(document, path, as_json=as_json)
    report = _inspected(document, data)
    found = [each for each in report.violations if slug is None or slug in each.evidence]
    if as_json:
        print_json({**answer, "invariants": _as_json(report, found)})
    else:
        _show(answer)
        _show_invariants(report, found)
    sys.exit(0 if answer["inSync"] and not found else 1)


@ledger.command()
@click.argument("slug")
@json_option
@data_option
def recalculate(*, slug: str, as_json: bool, data: Path) -> None:
    """Set a campaign's totals and stock to what history and orders say, in public.

    A correction is a further version and a line of its own; nothing is rewritten. Exit 1
    when a pledge still differs from its own history: that is for a person to look at.
    """
    document = stack_of(data, as_json=as_json)
    totals, stock = (
        _asked(document, path, as_json=as_json)
        for path in (f"/admin/campaign-index/rebuild/{slug}", f"/inventory/{slug}/recalculate")
    )
    if as_json:
        print_json({**totals, "inventory": stock})
    else:
        for name, answer in (("Totals", totals), ("Stock", stock)):
            was = "corrected" if answer["corrected"] else "right"
            say(f"{name:<8} {was}, version {answer['version']}")
        _show(totals)
    sys.exit(0 if totals["inSync"] else 1)


def _asked(document: dict[str, Any], path: str, *, as_json: bool) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = loopback.call(
            "POST",
            document["site"] + path,
            body={},
            bearer=document["admin_secret"],
            seconds=CHECK_SECONDS,
        )
    except loopback.CallFailed as exc:
        refuse(f"The ledger was not asked: {exc}", as_json=as_json)
    return answer


def _show(answer: dict[str, Any]) -> None:
    campaigns = answer.get("campaigns") or [answer]
    for each in campaigns:
        mark = paint("in sync", fg="green") if each["inSync"] else paint("DIFFERS", fg="red")
        say(f"{each.get('campaignSlug', ''):<40} {mark}")
        for difference in each.get("differences", []):
            say(f"    {difference}")
    if answer["inSync"]:
        say("History, pledges and totals agree.")


def _inspected(document: dict[str, Any], data: Path) -> Report:
    """Return what the checker finds; nothing where the services run somewhere else."""
    if not document["processes"]:
        return Report()
    return inspect(DataDir.at(data), rest_seconds=REST_SECONDS, must_rest=False)


def _as_json(report: Report, found: list[Violation]) -> dict[str, Any]:
    return {
        "ok": not found,
        "checked": report.checked,
        "skipped": report.skipped,
        "moving": report.moving,
        "violations": [asdict(each) for each in found],
    }


def _show_invariants(report: Report, found: list[Violation]) -> None:
    for each in found:
        say(f"{paint('BROKEN', fg='red')} {each}")
    if report.moving:
        say(f"Still moving ({', '.join(report.moving)}): what holds only at rest was left out.")
    if report.checked and not found:
        say(f"{len(report.checked)} rules over all services, Stripe and the inbox hold.")
