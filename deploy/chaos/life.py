"""A stack's life: it begins, ends, is destroyed with nearly all it had, and begins again."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from deploy.chaos.processes import descendants
from deploy.local.background import Background
from deploy.local.layout import DataDir, is_held
from deploy.local.stack import Options

STOP_SECONDS = 90
DEAD_SECONDS = 30.0
LOOK_SECONDS = 0.05


class StageFailed(Exception):
    """The stack did not come up; the message holds the last lines of the culprit."""


@dataclass
class Life:
    """The supervisor of a stack, which may be another one after a disaster."""

    options: Options
    _supervisor: Background | None = None

    async def begin(self, **changes: Any) -> None:
        """Start the stack, with changed options if need be; return once it answers."""
        self.options = replace(self.options, **changes)
        # Here, not in a thread: it dies with whoever started it.
        self._supervisor = Background(self.options, die_with_us=True)
        *_, last = await asyncio.to_thread(list, self._supervisor.events())
        if last["kind"] != "ready":
            raise StageFailed("\n".join([last["reason"], *last["tail"]]))

    async def end(self) -> None:
        """Stop it as an operator does."""
        if self._supervisor is not None:
            self._supervisor.process.terminate()
            await asyncio.to_thread(self._supervisor.process.wait, STOP_SECONDS)

    async def destroy(self, *, spared: Collection[str]) -> None:
        """Kill every process at once, and remove every file but those that are spared."""
        assert self._supervisor is not None, "it has begun"
        pid = self._supervisor.process.pid
        for each in (pid, *descendants(pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        await asyncio.to_thread(self._supervisor.process.wait, STOP_SECONDS)
        data = DataDir.at(self.options.data)
        await asyncio.to_thread(_remove, data, spared)


def _remove(data: DataDir, spared: Collection[str]) -> None:
    """Remove it once nobody is left who could still write."""
    limit = time.monotonic() + DEAD_SECONDS
    while is_held(data):
        assert time.monotonic() < limit, f"processes on {data.path} don't end"
        time.sleep(LOOK_SECONDS)
    for path in data.path.iterdir():
        if path.name in spared:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
