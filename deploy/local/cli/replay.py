"""replay: a service's outbox says again what it said."""

import sys
from pathlib import Path

import click

from deploy.local import service_command
from deploy.local.cli.console import data_option, json_option, stack_of
from deploy.local.layout import SERVICES, DataDir


@click.command()
@click.argument("service", type=click.Choice(SERVICES))
@click.option(
    "--since",
    metavar="T",
    help="2026-05-01T12:00:00Z, or 90m, 6h, 2d ago; ten minutes are taken off.",
)
@click.option("--type", "event_type", metavar="EVENT", help="Only this type: pledges.created.")
@json_option
@data_option
def replay(
    *, service: str, since: str | None, event_type: str | None, as_json: bool, data: Path
) -> None:
    """Publish a service's events again. Who has heard them ignores them."""
    stack_of(data, as_json=as_json)
    options = ["--since", since] if since else []
    options += ["--type", event_type] if event_type else []
    options += ["--json"] if as_json else []
    asked = service_command.ask(DataDir.at(data), service, "replay", *options)
    click.echo(asked.stdout, nl=False)
    click.echo(asked.stderr, nl=False, err=True)
    sys.exit(asked.returncode)
