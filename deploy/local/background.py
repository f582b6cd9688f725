"""Starts a supervisor of its own process and listens until its stack is ready."""

import json
import os
import subprocess
from collections.abc import Iterator
from signal import SIGTERM
from typing import Any

from deploy.local.children import Spec, spawn
from deploy.local.layout import ROOT, DataDir
from deploy.local.plan import python
from deploy.local.stack import Options

TAIL_LINES = 12


class Background:
    """A supervisor beside us. With `die_with_us` it stops as soon as we end, however we end."""

    def __init__(self, options: Options, *, die_with_us: bool = False) -> None:
        self._data = DataDir.at(options.data)
        self._data.create()
        # Not among the logs: a fresh start empties those while we listen.
        self._errors = self._data.path / "supervisor.err"
        argv = python("-m", "deploy.local.supervise", json.dumps(options.as_dict()))
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        read_end, write_end = os.pipe()
        self._events = os.fdopen(read_end, "rb")
        with self._errors.open("wb") as errors:
            if die_with_us:
                spec = Spec(name="supervisor", argv=argv, environ=environ, stop_signal=SIGTERM)
                self.process = spawn(spec, stdout=write_end, stderr=errors.fileno())
            else:
                self.process = subprocess.Popen(
                    argv,
                    env=environ,
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=write_end,
                    stderr=errors,
                    start_new_session=True,
                )
        os.close(write_end)

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield what happens; the last event is `ready` or `failed`."""
        last: dict[str, Any] = {}
        with self._events:
            for line in self._events:
                last = json.loads(line)
                yield last
        if last.get("kind") == "ready":
            return
        code = self.process.wait()  # It is stopping what it had started.
        if last.get("kind") != "failed":
            tail = self._errors.read_text(errors="replace").splitlines()[-TAIL_LINES:]
            yield {"kind": "failed", "reason": f"the supervisor ended with {code}", "tail": tail}
