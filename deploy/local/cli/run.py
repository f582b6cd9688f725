"""up, down, status, logs: the life of a stack."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from deploy.local import stack_file
from deploy.local import status as stack_status
from deploy.local.cli.console import (
    data_option,
    has_colour,
    json_option,
    paint,
    print_json,
    refuse,
    say,
    stack_of,
)
from deploy.local.layout import SERVICES, DataDir
from deploy.local.loopback import answers

WORKERS_MAX = {"settlement": 32, "checkout": 8}


def _workers(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    counts = dict.fromkeys(WORKERS_MAX, 1)
    for value in values:
        service, _equals, number = value.partition("=")
        if service not in counts:
            raise click.BadParameter(f"only {' and '.join(counts)} have workers to add")
        most = WORKERS_MAX[service]
        if not number.isdigit() or not 1 <= int(number) <= most:
            raise click.BadParameter(f"N is a whole number from 1 to {most}")
        counts[service] = int(number)
    return counts


@click.command()
@click.option("--detach", "-d", is_flag=True, help="Return when everything is ready.")
@click.option("--fresh", is_flag=True, help="Start from empty data.")
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="The site's port.  [default: 8000, or the last]"
)
@click.option(
    "--campaigns",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Serve this content folder in place.  [default: a copy of the samples]",
)
@click.option(
    "--workers",
    multiple=True,
    metavar="SERVICE=N",
    callback=_workers,
    help="Run N chargers (settlement=N), or N processes of checkout (checkout=N).",
)
@data_option
def up(
    *,
    detach: bool,
    fresh: bool,
    port: int | None,
    campaigns: Path | None,
    workers: dict[str, int],
    data: Path,
) -> None:
    """Run everything: servers, migrations, the sandbox, five services."""
    from deploy.local.stack import Options

    options = Options(
        data=str(data.resolve()),
        port=port,
        campaigns=str(campaigns.resolve()) if campaigns else None,
        chargers=workers["settlement"],
        checkouts=workers["checkout"],
        is_fresh=fresh,
    )
    printer = Printer(DataDir.at(data), is_detached=detach)
    sys.exit(_in_background(options, printer) if detach else _in_foreground(options, printer))


def _in_background(options: Any, printer: "Printer") -> int:
    from deploy.local.background import Background

    for event in Background(options).events():
        printer(event)
    return printer.code


def _in_foreground(options: Any, printer: "Printer") -> int:
    from deploy.local.stack import run

    code = run(options, printer)
    if code == 0:
        say("Everything is stopped.")
    return code


class Printer:
    """Prints a stack's progress as it happens, then where everything is."""

    def __init__(self, data: DataDir, *, is_detached: bool) -> None:
        self.code = 0
        self._data = data
        self._is_detached = is_detached

    def __call__(self, event: dict[str, Any]) -> None:
        kind = event["kind"]
        if kind == "step":
            say(f"  {paint('✓', fg='green')} {event['name']:<22}{event['seconds']:>6.2f} s")
        elif kind == "notice":
            say(f"  {paint('!', fg='yellow')} {event['text']}")
        elif kind == "ready":
            self._addresses(event["seconds"])
        else:
            self.code = event.get("code", 1)
            click.echo(f"Not started: {event['reason']}", err=True)
            for line in event["tail"]:
                click.echo(f"    {line}", err=True)

    def _addresses(self, seconds: float) -> None:
        document = stack_file.read(self._data)
        site, sandbox = document["site"], document["sandbox"]
        rows = [("Site", f"{site}/", "pages, cart, live numbers")]
        if answers(f"{site}/admin/"):
            rows.append(("Admin", f"{site}/admin/", "the dashboard"))
        if sandbox:
            rows += [
                ("Inbox", f"{sandbox}/inbox", "every e-mail the platform sends"),
                ("Sandbox", f"{sandbox}/", "cards, webhooks, faults, the clock"),
            ]
        rows.append(("Data", str(self._data.path), ""))
        say()
        say(f"  {paint('The Pool is running', bold=True)}, ready in {seconds:.1f} s")
        for name, address, about in rows:
            say(f"  {name:<9}{address:<34}{paint(about, dim=True)}".rstrip())
        say()
        if sandbox:
            say("  Try: pledge with card 4242 4242 4242 4242, any later date, any code;")
            say("       read the mail in the inbox; move the clock past the deadline in the")
            say("       sandbox, and see the card charged once. 4000 0000 0000 0341 declines.")
        ends = "`./pool down` stops" if self._is_detached else "Ctrl-C stops"
        say(f"  {ends} everything.")


@click.command()
@data_option
def down(*, data: Path) -> None:
    """Stop everything, in order, leaving no process."""
    folder = DataDir.at(data)
    if not stack_file.stop(folder):
        say(f"No stack runs on {folder.path}.")
        return
    if stack_file.is_left(folder):
        refuse(f"Some processes on {folder.path} did not end; see {folder.path}/stack.json.")
    say("Everything is stopped.")


@click.command()
@json_option
@data_option
def status(*, as_json: bool, data: Path) -> None:
    """Show what runs and how it does. Exit code 1 when nothing does."""
    folder = DataDir.at(data)
    stack_of(data, as_json=as_json)
    found = stack_status.collect(folder)
    if found is None:
        refuse("The stack has just stopped.", as_json=as_json)
    if as_json:
        print_json(found)
        return
    say(f"Site     {found['site']}")
    say(f"Sandbox  {found['sandbox'] or 'not used'}")
    say(f"Data     {found['data']}")
    say()
    say(f"{'':<12}{'state':<11}{'restarts':<10}{'pids':<18}address")
    for name, each in found["services"].items():
        state = "degraded" if each["ready"] and each["degraded"] else "ready"
        state = state if each["ready"] else "not ready"
        colour = {"ready": "green", "degraded": "yellow"}.get(state, "red")
        pids = " ".join(map(str, each["pids"]))
        missing = f"  ({', '.join(each['degraded'])})" if each["degraded"] else ""
        padded = paint(f"{state:<11}", fg=colour)
        say(f"{name:<12}{padded}{each['restarts']:<10}{pids:<18}{each['url']}{missing}")
    for name in ("postgres", "nats", "redis"):
        each = found[name]
        address = each["url"].rpartition("@")[2].rpartition("//")[2]
        own = str(each["pid"] or "not ours")
        say(f"{name:<12}{'':<11}{each['restarts']:<10}{own:<18}{address}")


@click.command()
@click.argument("service", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on with new lines as they come.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines as they were written.")
@data_option
def logs(*, service: str | None, follow: bool, as_json: bool, data: Path) -> None:
    """Print the logs of SERVICE, or of everything, merged by time."""
    from deploy.local import logs as reader

    folder = DataDir.at(data)
    colours = dict(zip(SERVICES, ("cyan", "green", "magenta", "yellow", "blue"), strict=True))

    def show(line: dict[str, Any]) -> None:
        if as_json:
            click.echo(json.dumps(line, ensure_ascii=False))
            return
        text = reader.pretty(line)
        colour = colours.get(str(line.get("service")))
        click.echo(click.style(text, fg=colour) if has_colour() and colour else text)

    try:
        for line in reader.merged(reader.files(folder, service)):
            show(line)
        if follow:
            for line in reader.follow(folder, service):
                show(line)
    except reader.UnknownLog as exc:
        raise click.BadParameter(f"there is no log of {exc}", param_hint="SERVICE") from exc
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(0)
