"""Every command of `./pool` on one page, from the commands themselves."""

import inspect
import re
from collections.abc import Iterator

import click

from deploy.local.cli import pool
from deploy.local.layout import ROOT

PAGE = ROOT / "docs" / "reference" / "commands.md"


def every(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and all beneath it, groups themselves left out."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command, info_name=name)
    for each in command.list_commands(context):
        found = command.get_command(context, each)
        assert found is not None, each
        yield from every(found, f"{name} {each}")


def text() -> str:
    """Return the page."""
    lines = [
        "# Commands",
        "",
        "`./pool` alone prints this list, `./pool COMMAND --help` one of them. Exit codes: 0 done;"
        " 1 the thing asked about is not so; 2 wrong usage. `--json` prints one JSON document and"
        " nothing else.",
        "",
        "Made by `python -m deploy.reference` from the commands.",
    ]
    for name, command in every(pool, "./pool"):
        usage = " ".join(command.collect_usage_pieces(click.Context(command)))
        lines += ["", f"## {name}", "", f"`{name} {usage}`".replace(" `", "`"), "", _said(command)]
        options = [each for each in command.params if isinstance(each, click.Option)]
        shown = [each for each in options if not each.hidden]
        if shown:
            lines += ["", "| option | is |", "| --- | --- |"]
        for each in shown:
            names = ", ".join(f"`{one}`" for one in (*each.opts, *each.secondary_opts))
            words = re.sub(r"\s+", " ", each.help or "").replace("|", r"\|")
            lines.append(f"| {names} | {words} |")
    return "\n".join(lines) + "\n"


def _said(command: click.Command) -> str:
    return re.sub(r"\s+", " ", inspect.cleandoc(command.help or "").replace("\b", "")).strip()
