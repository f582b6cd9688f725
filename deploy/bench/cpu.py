"""What the processes of a stack use: CPU time so far, memory at the moment."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from deploy.chaos.processes import descendants
from deploy.chaos.stage import Stage

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MIB = 1024 * 1024
# Fields of /proc/PID/stat after the name: own time, and that of children that have ended.
TIMES = slice(11, 15)


def seconds(stage: Stage, names: Iterable[str]) -> float:
    """Return the CPU seconds of these processes, and of all they have started."""
    return sum(of_process(stage.pid(name)) for name in names)


def of_process(root: int) -> float:
    """Return the CPU seconds of a process, and of all it has started."""
    total = 0
    for pid in [root, *descendants(root)]:
        with suppress(OSError):
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            total += sum(map(int, text.rpartition(")")[2].split()[TIMES]))
    return total / TICKS


def resident_mib(stage: Stage, name: str) -> float:
    """Return the memory that a process and all it has started hold at the moment."""
    total = 0
    for pid in [stage.pid(name), *descendants(stage.pid(name))]:
        with suppress(OSError):
            text = Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
            total += int(text.split()[1]) * PAGE_BYTES
    return total / MIB
