"""ledger check: history, pledges and totals must say the same."""

import sys
from pathlib import Path
from typing import Any

import click

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

CHECK_SECONDS = 120


@click.group()
def ledger() -> None:
    """Prove that the pledge ledger is right."""


@ledger.command()
@click.argument("slug", required=False)
@json_option
@data_option
def check(*, slug: str | None, as_json: bool, data: Path) -> None:
    """Compare history, pledges and totals, of one campaign or of all."""
    document = stack_of(data, as_json=as_json)
    path = f"/stats/{slug}/check" if slug else "/admin/projections/check"
    try:
        answer: dict[str, Any] = loopback.call(
            "POST",
            document["site"] + path,
            body={},
            bearer=document["admin_secret"],
            seconds=CHECK_SECONDS,
        )
    except loopback.CallFailed as exc:
        refuse(f"The ledger was not checked: {exc}", as_json=as_json)
    if as_json:
        print_json(answer)
    else:
        _show(answer)
    sys.exit(0 if answer["inSync"] else 1)


def _show(answer: dict[str, Any]) -> None:
    campaigns = answer.get("campaigns") or [answer]
    for each in campaigns:
        mark = paint("in sync", fg="green") if each["inSync"] else paint("DIFFERS", fg="red")
        say(f"{each.get('campaignSlug', ''):<40} {mark}")
        for difference in each.get("differences", []):
            say(f"    {difference}")
    if answer["inSync"]:
        say("History, pledges and totals agree.")
