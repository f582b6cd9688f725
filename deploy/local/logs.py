"""Reads the children's logs back: merged by time, for people or for programs."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.local.layout import DataDir

FOLLOW_PAUSE_SECONDS = 0.2
# The sandbox stands on nothing of ours, and has names of its own.
ALIASES = (("timestamp", "at"), ("event", "message"))
SHOWN_ELSEWHERE = {"timestamp", "level", "service", "event", "logger"}


class UnknownLog(Exception):
    """No process of that name has written anything here."""


def files(data: DataDir, service: str | None) -> list[Path]:
    """Return the logs of a service, of all when none is named, older parts first."""
    found = sorted(data.log.glob("*.log"))
    if service is not None:
        names = (service, f"migrate-{service}")
        found = [p for p in found if p.stem in names or p.stem.startswith(f"{service}-")]
        if not found:
            raise UnknownLog(service)
    return [part for path in found for part in (path.with_suffix(".log.1"), path) if part.exists()]


def merged(paths: list[Path]) -> list[dict[str, Any]]:
    """Return every line of `paths`, oldest first."""
    lines = [_decode(line) for path in paths for line in path.read_bytes().splitlines()]
    return sorted(lines, key=lambda line: str(line.get("timestamp", "")))


def follow(data: DataDir, service: str | None) -> Iterator[dict[str, Any]]:
    """Yield lines as they are written, from now on, across rotations and new files."""
    offsets = {path: path.stat().st_size for path in files(data, service)}
    while True:
        fresh: list[dict[str, Any]] = []
        for path in files(data, service):
            if path.suffix != ".log":
                continue
            start, size = offsets.get(path, 0), path.stat().st_size
            if size < start:  # The file was rotated away and began anew.
                start = 0
            with path.open("rb") as stream:
                stream.seek(start)
                chunk = stream.read(size - start)
            complete = chunk[: chunk.rfind(b"\n") + 1]
            offsets[path] = start + len(complete)
            fresh += [_decode(line) for line in complete.splitlines()]
        yield from sorted(fresh, key=lambda line: str(line.get("timestamp", "")))
        time.sleep(FOLLOW_PAUSE_SECONDS)


def pretty(line: dict[str, Any]) -> str:
    """Return one line as a person reads it: time, who, how bad, what, and the rest."""
    clock = str(line.get("timestamp", ""))[11:23].rstrip("Z")
    who = str(line.get("service", ""))
    level = str(line.get("level", "info"))
    rest = "  ".join(
        f"{name}={value}" for name, value in line.items() if name not in SHOWN_ELSEWHERE
    )
    text = str(line.get("event", ""))
    return f"{clock:<12}  {who:<11} {level:<8} {text}{'  ' + rest if rest else ''}"


def _decode(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if isinstance(found, dict):
        for ours, theirs in ALIASES:
            if ours not in found and theirs in found:
                found[ours] = found.pop(theirs)
        return found
    return {"timestamp": "", "event": line.decode(errors="replace")}
