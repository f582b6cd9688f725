"""reconcile, resume, disputes: what an operator does about money after it was charged."""

import sys
import time
from pathlib import Path
from typing import Any

import click

from deploy.local import loopback
from deploy.local.cli import lost_checkouts
from deploy.local.cli.console import (
    data_option,
    json_option,
    money,
    paint,
    print_json,
    refuse,
    say,
    stack_of,
)
from services.chassis.process.commands import operator

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 600.0


@click.command()
@click.option("--dry-run", is_flag=True, help="Compare and report; keep no break.")
@json_option
@data_option
def reconcile(*, dry_run: bool, as_json: bool, data: Path) -> None:
    """Compare every charge with Stripe, which is only read; exit 1 where they differ.

    After a restore, checkouts that Stripe has and the backup has not are made again first.
    """
    document = stack_of(data, as_json=as_json)
    site, secret = document["site"], document["admin_secret"]
    try:
        lost = lost_checkouts.look(site, secret, is_dry_run=dry_run)
        asked = loopback.call(
            "POST",
            f"{site}/admin/reconcile",
            body={"dryRun": dry_run, "by": operator()},
            bearer=secret,
        )
        report = _wait(f"{site}/admin/reconciliations?run={asked['run']['runId']}", secret)
    except loopback.CallFailed as exc:
        refuse(f"Nothing was compared: {exc}", as_json=as_json)
    if as_json:
        print_json({**report, "checkouts": lost})
    else:
        lost_checkouts.show(lost)
        _show(report)
    run = report["run"]
    is_wrong = run["error"] or run["breaks"] or not run["finishedAt"] or (lost and lost["lost"])
    sys.exit(1 if is_wrong else 0)


@click.command()
@click.option(
    "--acknowledge", is_flag=True, help="After a restore: I have read where we and Stripe differ."
)
@json_option
@data_option
def resume(*, acknowledge: bool, as_json: bool, data: Path) -> None:
    """Let payments go on after a pause; after a restore, the whole platform.

    What stood still is done now; nothing was lost.
    """
    document = stack_of(data, as_json=as_json)
    try:
        answer = loopback.call(
            "POST",
            f"{document['site']}/admin/payments/resume",
            body={"by": operator(), "acknowledge": acknowledge},
            bearer=document["admin_secret"],
        )
    except loopback.CallFailed as exc:
        refuse(f"Payments were not resumed: {exc}", as_json=as_json)
    print_json(answer) if as_json else say("Payments go on.")


@click.command()
@click.argument("because", default="")
@json_option
@data_option
def pause(*, because: str, as_json: bool, data: Path) -> None:
    """Hold all payments: no charge, retry or refund is sent until `./pool resume`."""
    document = stack_of(data, as_json=as_json)
    try:
        answer = loopback.call(
            "POST",
            f"{document['site']}/admin/payments/pause",
            body={"because": because, "by": operator()},
            bearer=document["admin_secret"],
        )
    except loopback.CallFailed as exc:
        refuse(f"Payments were not paused: {exc}", as_json=as_json)
    print_json(answer) if as_json else say("Payments stand still. ./pool resume lets them go on.")


@click.command()
@click.argument("dispute_id", required=False)
@json_option
@data_option
def disputes(*, dispute_id: str | None, as_json: bool, data: Path) -> None:
    """List disputes; of one, print all the evidence we have as one JSON document."""
    document = stack_of(data, as_json=as_json)
    site, secret = document["site"], document["admin_secret"]
    try:
        if dispute_id is not None:
            print_json(_bundle(site, secret, dispute_id))
            return
        found = loopback.call("GET", f"{site}/admin/disputes", bearer=secret)
    except loopback.CallFailed as exc:
        refuse(str(exc), as_json=as_json)
    if as_json:
        print_json(found)
        return
    for each in found:
        due = each["evidenceDueAt"] or "no answer due"
        say(f"{each['disputeId']}  {each['status']:<22} {money(each['amount']):>10}  {due}")
    say(f"{len(found)} disputes")


def _bundle(site: str, secret: str, dispute_id: str) -> dict[str, Any]:
    """Return what each service knows of a disputed charge: money, consent and history, mails."""
    money_side = loopback.call("GET", f"{site}/admin/disputes/{dispute_id}", bearer=secret)
    orders = money_side["dispute"]["orderIds"]
    return {
        **money_side,
        "pledges": [
            loopback.call("GET", f"{site}/admin/evidence/{order}", bearer=secret)
            for order in orders
        ],
        "mails": [
            mail
            for order in orders
            for mail in loopback.call("GET", f"{site}/admin/mails/{order}", bearer=secret)
        ],
    }


def _wait(url: str, secret: str) -> dict[str, Any]:
    limit = time.monotonic() + PATIENCE_SECONDS
    while True:
        report: dict[str, Any] = loopback.call("GET", url, bearer=secret)
        if report["run"]["finishedAt"] or time.monotonic() > limit:
            return report
        time.sleep(POLL_SECONDS)


def _show(report: dict[str, Any]) -> None:
    run = report["run"]
    if run["error"]:
        say(paint(f"Stripe could not be read: {run['error']}", fg="red"))
        return
    say(f"{run['charges']} charges compared with {run['intents']} PaymentIntents")
    for each in run["breaks"] or []:
        say(
            f"  {each['kind']:<18} {each['subject']}  {each['campaignSlug']}"
            f"  ours {each['ours'] or '-'}, theirs {each['theirs'] or '-'}"
        )
    say(f"{len(run['breaks'] or [])} breaks")
