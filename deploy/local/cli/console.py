"""What the commands share: options, words on the terminal, exit codes."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from deploy.local import stack_file
from deploy.local.layout import DEFAULT_DATA, DataDir

F = TypeVar("F", bound=Callable[..., Any])


def data_option(command: F) -> F:
    """Add `--data DIR`, which names the stack that is meant."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=DEFAULT_DATA,
        help="The stack's data directory.  [default: .pool beside ./pool]",
    )(command)


def json_option(command: F) -> F:
    """Add `--json`: one document and nothing else on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def has_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def paint(text: str, **style: Any) -> str:
    """Return `text` in a colour where there are colours."""
    return click.style(text, **style) if has_colour() else text


def say(text: str = "") -> None:
    """Print a line for a person."""
    click.echo(text)


def print_json(document: Any) -> None:
    click.echo(json.dumps(document, indent=2))


def refuse(message: str, code: int = 1, *, as_json: bool = False) -> NoReturn:
    """End with `code` after saying why, on standard error."""
    if as_json:
        print_json({"error": message})
    click.echo(message, err=True)
    sys.exit(code)


def stack_of(data: Path, *, as_json: bool = False) -> dict[str, Any]:
    """Return what the running stack wrote about itself; end with 1 when there is none."""
    folder = DataDir.at(data)
    document = stack_file.read(folder)
    if not document or not stack_file.is_running(folder):
        message = f"No stack runs on {folder.path}. `./pool up` starts one."
        if as_json:
            print_json({"running": False, "data": str(folder.path)})
            sys.exit(1)
        refuse(message)
    return document


def money(cents: int | None) -> str:
    """Return cents as dollars."""
    return "–" if cents is None else f"${cents // 100:,}.{cents % 100:02}"
