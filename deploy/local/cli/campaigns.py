"""campaigns check, publish and cancel: content as files, and the end of a live campaign."""

import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from deploy.local import campaigns_copy, loopback, stack_file
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

PUBLISH_SECONDS = 120


@dataclass(frozen=True)
class Mistake:
    """What is wrong in a content file, and where."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return (
            f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"
        )


@click.group()
def campaigns() -> None:
    """Check campaign files, publish them, and end a live campaign."""


@campaigns.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@json_option
@data_option
def check(*, paths: tuple[Path, ...], as_json: bool, data: Path) -> None:
    """Validate campaign Markdown: files or folders, by default what the stack serves."""
    wanted = paths or (_served(DataDir.at(data)),)
    mistakes = [mistake for path in wanted for mistake in _mistakes(path)]
    if as_json:
        print_json({"ok": not mistakes, "mistakes": [asdict(each) for each in mistakes]})
    else:
        _show(mistakes)
        if not mistakes:
            say("No mistake found in " + ", ".join(map(str, wanted)) + ".")
    sys.exit(1 if mistakes else 0)


@campaigns.command()
@json_option
@data_option
def publish(*, as_json: bool, data: Path) -> None:
    """Publish what changed in the working tree, each good file even beside a bad one."""
    document = stack_of(data, as_json=as_json)
    try:
        answer: dict[str, Any] = loopback.call(
            "POST",
            f"{document['site']}/admin/rebuild",
            body={},
            bearer=document["admin_secret"],
            seconds=PUBLISH_SECONDS,
        )
    except loopback.CallFailed as exc:
        refuse(f"Nothing was published: {exc}", as_json=as_json)
    mistakes = [Mistake(**_known(each)) for each in answer.get("mistakes", [])]
    if as_json:
        print_json(answer)
    else:
        for slug in answer.get("published", []):
            say(f"{paint('published', fg='green')}  {slug}")
        say(f"{len(answer.get('unchanged', []))} unchanged")
        _show(mistakes)
    sys.exit(1 if mistakes else 0)


@campaigns.command()
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Don't ask again on a terminal.")
@json_option
@data_option
def cancel(*, slug: str, yes: bool, as_json: bool, data: Path) -> None:
    """End a live campaign for good: everybody is released and told, nobody is charged."""
    document = stack_of(data, as_json=as_json)
    if sys.stdin.isatty() and not yes:
        click.confirm(f"End {slug} for good, and release everybody?", abort=True)
    try:
        answer: dict[str, Any] = loopback.call(
            "POST",
            f"{document['site']}/admin/campaigns/{slug}/cancel",
            body={},
            bearer=document["admin_secret"],
        )
    except loopback.CallFailed as exc:
        refuse(f"{slug}: {exc}", as_json=as_json)
    if as_json:
        print_json(answer)
    else:
        say(f"{slug} ended at {answer['cancelledAt']}. Everybody is released and gets one mail.")


def _served(data: DataDir) -> Path:
    """Return the folder the stack serves or would serve; the samples before the first start."""
    named = stack_file.read(data).get("campaigns")
    for folder in (Path(named) if named else data.campaigns, data.campaigns):
        if folder.is_dir():
            return folder
    return campaigns_copy.SAMPLES


def _mistakes(path: Path) -> list[Mistake]:
    folder = path if path.is_dir() else path.parent
    if campaigns_copy.has_placeholders(folder):
        # The samples' own folder: check what a stack would get. Lines stay the same.
        with tempfile.TemporaryDirectory(prefix="pool-check-") as scratch:
            today = datetime.now(ZoneInfo(campaigns_copy.ZONE)).date()
            campaigns_copy.copy(folder, Path(scratch), today)
            found = _check_folder(Path(scratch))
    else:
        found = _check_folder(folder)
    if path.is_file():
        found = [each for each in found if Path(each.file).name == path.name]
    return [Mistake(str(folder / each.file), each.line, each.field, each.message) for each in found]


def _check_folder(folder: Path) -> list[Any]:
    from services.site.publishing.content import check_folder

    return list(check_folder(folder))


def _known(each: dict[str, Any]) -> dict[str, Any]:
    return {
        name: each.get(name) or blank
        for name, blank in (("file", ""), ("line", 0), ("field", ""), ("message", ""))
    }


def _show(mistakes: list[Mistake]) -> None:
    for mistake in mistakes:
        click.echo(paint(str(mistake), fg="red"), err=True)
