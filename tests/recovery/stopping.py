"""Stop a server with everything it started, as a machine that swaps itself to death would."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process and its children for the block, and let them go on after it."""
    family = [pid, *_children(pid)]
    for each in family:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in family:
            # Whoever ended meanwhile needs no waking.
            try:
                os.kill(each, signal.SIGCONT)
            except ProcessLookupError:
                continue


def _children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                facts = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(facts[1]) == parent:
                found.append(int(folder.name))
    return found
