"""CPU time that the processes of a stack have used so far."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from deploy.chaos.processes import descendants
from deploy.chaos.stage import Stage

TICKS = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat after the name: own time, and that of children that have ended.
TIMES = slice(11, 15)


def seconds(stage: Stage, names: Iterable[str]) -> float:
    """Return the CPU seconds of these processes, and of all they have started."""
    total = 0
    for name in names:
        root = stage.pid(name)
        for pid in [root, *descendants(root)]:
            with suppress(OSError):
                text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
                total += sum(map(int, text.rpartition(")")[2].split()[TIMES]))
    return total / TICKS
