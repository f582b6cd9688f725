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


def start(options: Options, *, die_with_us: bool = False) -> Iterator[dict[str, Any]]:
    """Start the stack and yield what happens; the last event is `ready` or `failed`.

    With `die_with_us` it stops as soon as this process ends, however it ends: for tests.
    """
    read_end, write_end = os.pipe()
    argv = python("-m", "deploy.local.supervise", json.dumps(options.as_dict()))
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    data = DataDir.at(options.data)
    data.create()
    with os.fdopen(read_end, "rb") as events, (data.log / "supervisor.err").open("wb") as errors:
        if die_with_us:
            process = spawn(
                Spec(name="supervisor", argv=argv, environ=environ, stop_signal=SIGTERM),
                stdout=write_end,
                stderr=errors.fileno(),
            )
        else:
            process = subprocess.Popen(
                argv,
                env=environ,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=errors,
                start_new_session=True,
            )
        os.close(write_end)
        last: dict[str, Any] = {}
        for line in events:
            last = json.loads(line)
            yield last
    if last.get("kind") not in ("ready", "failed"):
        code = process.wait()
        tail = (data.log / "supervisor.err").read_text(errors="replace").splitlines()[-12:]
        yield {"kind": "failed", "reason": f"the supervisor ended with {code}", "tail": tail}
