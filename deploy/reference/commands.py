"""Every command of `./pool` on one page, from the commands themselves."""

import inspect
import re
import shlex
from collections.abc import Iterator

import click

from deploy.local.cli import pool
from deploy.local.layout import ROOT
from deploy.reference.documents import CODE

PAGE = ROOT / "docs" / "reference" / "commands.md"
# Up to what a shell, a comment or a picture of a terminal takes for the end of a command.
ASKED = re.compile(r"(?:^|[\s\"(])\./pool ([^\n|;&\")#]+)")
MODULE = re.compile(r"\bpython3? (?:-[A-Z] )?-m ([a-z_]+(?:\.[a-z_]+)*)(?![\w.])")


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


def unknown(text: str) -> Iterator[str]:
    """Yield every `./pool …` in the code of a Markdown text that the commands would refuse.

    A name alone is enough, and words that stand for something else (`SLUG`, `[DIR]`) are taken as
    they are: what is looked at are commands, options and how many words there may be.
    """
    for fenced, span in CODE.findall(text):
        for asked in ASKED.findall(fenced or span):
            words = shlex.split(re.sub(r"[\[\]…]|OPTIONS", " ", asked))
            if fault := _refused(words):
                yield f"./pool {' '.join(words)}: {fault}"


def _refused(words: list[str]) -> str:
    command: click.Command = pool
    context = click.Context(command, info_name="./pool")
    while isinstance(command, click.Group) and words and words[0].islower():
        if words[0] == "--help":
            return ""
        found = command.get_command(context, words[0])
        if found is None:
            return f"there is no command {words[0]}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context, **command.context_settings)
    if isinstance(command, click.Group):
        return ""
    try:
        _, left, _ = command.make_parser(context).parse_args([w for w in words if w != "--help"])
    except click.UsageError as exc:
        # The name of an option is also said without what it takes.
        return "" if str(exc.message).endswith("requires an argument.") else exc.format_message()
    many = any(each.nargs == -1 for each in command.params)
    return "" if many or not left else f"{left[0]} is a word too many"


def modules(text: str) -> set[str]:
    """Return what a Markdown text tells to be run with `python -m`."""
    return {name for pair in CODE.findall(text) for name in MODULE.findall("".join(pair))}


def _said(command: click.Command) -> str:
    return re.sub(r"\s+", " ", inspect.cleandoc(command.help or "").replace("\b", "")).strip()
