"""parked: the events that a listener could not apply, and trying one again."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from deploy.local import service_command
from deploy.local.cli.console import (
    data_option,
    json_option,
    paint,
    print_json,
    refuse,
    say,
    stack_of,
)
from deploy.local.layout import SERVICES, DataDir


@click.command()
@click.argument("service", required=False, type=click.Choice(SERVICES))
@click.option("--retry", metavar="ID", help="Run the handler of this one again: pledges-12.")
@json_option
@data_option
def parked(*, service: str | None, retry: str | None, as_json: bool, data: Path) -> None:
    """List the events that wait for a person, of one service or of all."""
    stack_of(data, as_json=as_json)
    folder = DataDir.at(data)
    if retry is not None:
        _retry(folder, *_named(service, retry), as_json=as_json)
        return
    chosen = [service] if service else list(SERVICES)
    with ThreadPoolExecutor(len(chosen)) as threads:
        answers = list(threads.map(lambda name: _list(folder, name), chosen))
    found: list[dict[str, Any]] = []
    for name, (events, error) in zip(chosen, answers, strict=True):
        if error:
            refuse(f"{name} was not asked: {error}", as_json=as_json)
        found += [{"id": f"{name}-{each['parkedId']}", **each} for each in events]
    if as_json:
        print_json({"parked": found})
    else:
        _show(found)


def _named(service: str | None, retry: str) -> tuple[str, str]:
    """Return the service and the number that an id means."""
    name, _, number = retry.rpartition("-")
    name = name or service or ""
    if name not in SERVICES or not number.isdigit() or (service and service != name):
        refuse(f"{retry!r} is not an id: `./pool parked` prints them, such as pledges-12.", 2)
    return name, number


def _list(data: DataDir, service: str) -> tuple[list[dict[str, Any]], str]:
    asked = service_command.ask(data, service, "parked", "--json")
    if asked.returncode != 0:
        return [], asked.stderr.strip()
    events: list[dict[str, Any]] = json.loads(asked.stdout)
    return events, ""


def _retry(data: DataDir, service: str, number: str, *, as_json: bool) -> None:
    asked = service_command.ask(data, service, "parked", "--retry", number, "--json")
    if not asked.stdout:
        refuse(asked.stderr.strip(), as_json=as_json)
    outcomes: list[dict[str, Any]] = json.loads(asked.stdout)
    if as_json:
        print_json({"retried": [{"id": f"{service}-{e['parkedId']}", **e} for e in outcomes]})
    else:
        for each in outcomes:
            colour = "red" if each.get("error") else "green"
            what = paint(each["outcome"], fg=colour)
            say(f"{service}-{each['parkedId']}  {what}  {each.get('error', '')}".rstrip())
    sys.exit(asked.returncode)


def _show(found: list[dict[str, Any]]) -> None:
    for each in found:
        what = paint("parked", fg="red")
        if each["isWaiting"] or each["tryAgainAt"]:
            what = "waiting" if each["isWaiting"] else "early"
        since = each["parkedAt"][:16].replace("T", " ")
        say(f"{each['id']}  {what}  {since}  {each['consumer']}  {each['subject']}")
        say(f"    {each['error']}  (event {each['eventId']})")
    say(f"{len(found)} parked." if found else "Nothing is parked.")
