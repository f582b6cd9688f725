"""The content a stack serves by default: a copy of the samples, with dates near today.

A date in a sample may be written `{{ today+12d }}`, `{{ today-30d }}` or `{{ today }}`:
days from the day the copy is made, in the platform's zone. So a live campaign is live
whenever somebody tries The Pool for the first time.
"""

import re
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.local.layout import ROOT

SAMPLES = ROOT / "campaigns"
ZONE = "America/Denver"
SUFFIXES = (".md", ".yml", ".yaml")
# Content only: the scripts that made the artwork stay where they are.
FOLDERS = ("media",)

_PLACEHOLDER = re.compile(r"\{\{\s*today\s*(?:(?P<sign>[+-])\s*(?P<days>\d+)\s*d)?\s*\}\}")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---(?:\n|\Z)", re.DOTALL)


def ensure(target: Path, *, source: Path = SAMPLES, zone: str | None = None) -> Path:
    """Return `target`, made from the samples unless it is there already."""
    if target.exists():
        return target
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    today = datetime.now(ZoneInfo(zone or _zone_of(source))).date()
    copy(source, fresh, today)
    make_repository(fresh)
    fresh.rename(target)
    return target


def copy(source: Path, target: Path, today: date) -> None:
    """Copy campaigns, settings and media into `target`, dates filled in."""
    if not source.is_dir():
        return
    for path in sorted(source.iterdir()):
        if path.is_dir() and path.name in FOLDERS:
            shutil.copytree(path, target / path.name)
        elif path.suffix in SUFFIXES:
            text = path.read_text(encoding="utf-8")
            (target / path.name).write_text(fill(text, path.suffix, today), encoding="utf-8")


def fill(text: str, suffix: str, today: date) -> str:
    """Return `text` with every placeholder a date; in Markdown, only in the front matter."""
    if suffix != ".md":
        return _PLACEHOLDER.sub(lambda match: _date(match, today), text)
    front = _FRONT_MATTER.match(text)
    if front is None:
        return text
    return _PLACEHOLDER.sub(lambda match: _date(match, today), front[0]) + text[front.end() :]


def has_placeholders(folder: Path) -> bool:
    """Return whether this is the samples' own folder rather than a copy of it."""
    return any(
        _PLACEHOLDER.search(path.read_text(encoding="utf-8", errors="replace"))
        for path in folder.iterdir()
        if path.suffix in SUFFIXES
    )


def make_repository(folder: Path) -> None:
    """Make `folder` a git repository with one commit, so that edits have a history."""
    from dulwich import porcelain

    porcelain.init(str(folder))
    porcelain.add(
        str(folder),
        paths=[
            str(path) for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts
        ],
    )
    author = b"The Pool <pool@localhost>"
    porcelain.commit(
        str(folder), message=b"campaigns: begin with the samples", author=author, committer=author
    )


def _date(match: re.Match[str], today: date) -> str:
    days = int(match["days"] or 0)
    return (today + timedelta(days=-days if match["sign"] == "-" else days)).isoformat()


def _zone_of(source: Path) -> str:
    """Return the zone `platform.yml` names, without reading YAML for one line."""
    try:
        text = (source / "platform.yml").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ZONE
    named = re.search(r"^timezone:\s*['\"]?([\w/+-]+)", text, re.MULTILINE)
    return named[1] if named else ZONE
