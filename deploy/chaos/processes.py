"""What Linux says of processes: how old they are, and whom they have started."""

import contextlib
import os
from pathlib import Path


def age_seconds(pid: int) -> float:
    """Return how long a process has lived; 0 when there is none."""
    with contextlib.suppress(OSError):
        fields = _stat(pid)
        up_seconds = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
        return up_seconds - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return 0.0


def descendants(pid: int) -> list[int]:
    """Return every process that this one started, and they in turn."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            child = int(path.parent.name)
            parents.setdefault(int(_stat(child)[1]), []).append(child)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def _stat(pid: int) -> list[str]:
    """Return what the kernel says of a process, after its name."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()
