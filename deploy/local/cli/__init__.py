"""The command line: a command is loaded when it is called, so that `status` is quick."""

import importlib
import sys
from typing import Any

import click

# In the order of the list that `./pool` alone prints.
COMMANDS = {
    "up": "run:up",
    "down": "run:down",
    "status": "run:status",
    "logs": "run:logs",
    "doctor": "doctor:doctor",
    "test": "quality:test",
    "check": "quality:check",
    "quality": "gates:quality",
    "campaigns": "campaigns:campaigns",
    "admin": "admin:admin",
    "ledger": "ledger:ledger",
    "settle": "settle:settle",
    "backup": "recovery:backup",
    "restore": "recovery:restore",
    "reconcile": "payments:reconcile",
    "pause": "payments:pause",
    "resume": "payments:resume",
    "disputes": "payments:disputes",
    "bench": "bench:bench",
    "chaos": "chaos:chaos",
    "mutants": "mutants:mutants",
    "parked": "parked:parked",
    "replay": "replay:replay",
    "email": "letters:email",
}


def _is_plain() -> bool:
    return not sys.stdout.isatty()


def _group_class() -> type[click.Group]:
    """Return a group that draws boxes on a terminal and writes plain lines elsewhere."""
    if _is_plain() or not {"--help", "-h"}.intersection(sys.argv[1:]):
        return click.Group
    import rich_click

    return rich_click.RichGroup


class Commands(_group_class()):  # type: ignore[misc]
    """The top level: names are known, modules are imported when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found: Any = getattr(importlib.import_module(f"deploy.local.cli.{module}"), name)
        assert isinstance(found, click.Command)
        return found


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.pass_context
def pool(ctx: click.Context) -> None:
    """The Pool on this machine: run it, look at it, test it, operate it."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 not so, 2 wrong usage."""
    pool(prog_name="./pool")
