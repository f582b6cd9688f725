"""Every setting on one page, from .env.example and the services' own settings."""

import importlib
import re
from collections.abc import Iterator

import msgspec

from deploy.local.layout import ROOT, SERVICES
from deploy.reference.documents import CODE
from services.chassis import topology
from services.chassis.process.settings import CommonSettings, MigrationSettings

PAGE = ROOT / "docs" / "reference" / "settings.md"
SAMPLE = ROOT / ".env.example"
GROUP = re.compile(r"# --- (?P<name>.+?) -+")
NAMED = re.compile(r"(?<![\w/.$<{-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w/-]|\.\w)")
NAME = re.compile(r"#(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One variable as the sample explains it."""

    group: str
    name: str
    sample: str
    says: str


def explained() -> Iterator[Setting]:
    """Yield every variable of the sample, in its order."""
    group, words = "", list[str]()
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        if found := GROUP.fullmatch(line):
            group, words = found["name"].partition(":")[0], []
        elif found := NAME.fullmatch(line):
            yield Setting(
                group=group, name=found["name"], sample=found["value"], says=" ".join(words)
            )
        elif line.startswith("# "):
            words.append(line[2:])
        elif not line.strip():
            words = []


def readers() -> dict[str, list[str]]:
    """Return who reads each variable."""
    found: dict[str, list[str]] = {}
    common = _names(CommonSettings)
    shapes: dict[str, type[msgspec.Struct]] = {
        name: importlib.import_module(f"services.{name}.settings").Settings for name in SERVICES
    }
    for name in sorted(common):
        found.setdefault(name, []).append("every service")
    for service, shape in shapes.items():
        for name in sorted(_names(shape) - common):
            found.setdefault(name, []).append(service)
    jobs: dict[str, type[msgspec.Struct]] = {
        "migrate": MigrationSettings,
        "topology": topology.Settings,
    }
    for program, other in jobs.items():
        for name in _names(other):
            found.setdefault(name, []).append(f"`{program}`")
    return found


def named(text: str) -> set[str]:
    """Return what a Markdown text has in its code that is written as settings are."""
    return {name for pair in CODE.findall(text) for name in NAMED.findall(" ".join(pair))}


def _names(shape: type[msgspec.Struct]) -> set[str]:
    return {field.name.upper() for field in msgspec.structs.fields(shape)}


def text() -> str:
    """Return the page."""
    known = readers()
    lines = [
        "# Settings",
        "",
        "Environment variables. Any of them may stand in a file instead, named by `NAME_FILE`;"
        " secrets should. A service refuses to start while one is missing or malformed, and names"
        " all of them at once, never a value. What belongs to the platform rather than to a machine"
        " (name, taxes, shipping, colours) is in `campaigns/platform.yml`.",
        "",
        "Made by `python -m deploy.reference` from `.env.example` and the services' own settings."
        " What `./pool up` alone reads has no reader here.",
    ]
    group = ""
    for each in explained():
        if each.group != group:
            group = each.group
            lines += [
                "",
                f"## {group}",
                "",
                "| name | default or sample | read by | is |",
                "| --- | --- | --- | --- |",
            ]
        sample = f"`{each.sample}`" if each.sample else ""
        who = ", ".join(known.get(each.name, []))
        lines.append(
            f"| `{each.name}` | {sample} | {who} | {each.says.replace('|', chr(92) + '|')} |"
        )
    return "\n".join(lines) + "\n"
