"""The supervisor as a process of its own: `python -m deploy.local.supervise OPTIONS`.

`./pool up --detach` and the tests start it. It tells its parent what happens as JSON
lines on standard output until the stack is ready or has failed; then it is alone.
"""

import json
import os
import sys
from typing import Any

from deploy.local.layout import DataDir
from deploy.local.logfile import LogFile
from deploy.local.stack import Options, run


class Teller:
    """Passes events to the parent while it listens, and to a log always."""

    def __init__(self, data: DataDir, listener: int) -> None:
        self._data = data
        self._log: LogFile | None = None
        self._listener: int | None = listener

    def __call__(self, event: dict[str, Any]) -> None:
        line = json.dumps(event)
        if self._data.log.is_dir():
            if self._log is None:
                self._log = LogFile(self._data.log / "supervisor.log", "supervisor")
            self._log.feed(_as_text(event).encode() + b"\n")
        if self._listener is not None:
            self._tell(self._listener, line)
        if event["kind"] in ("ready", "failed"):
            self._hang_up()

    def _tell(self, listener: int, line: str) -> None:
        try:
            os.write(listener, line.encode() + b"\n")
        except OSError:  # The parent went away; the stack stays.
            self._hang_up()

    def _hang_up(self) -> None:
        if self._listener is not None:
            os.close(self._listener)
            self._listener = None


def _as_text(event: dict[str, Any]) -> str:
    kind = event["kind"]
    if kind == "step":
        return f"{event['name']} is up after {event['seconds']} s"
    if kind == "ready":
        return f"the stack is ready after {event['seconds']} s"
    return str(event.get("text") or event.get("reason"))


def main() -> int:
    options = Options(**json.loads(sys.argv[1]))
    return run(options, Teller(DataDir.at(options.data), _take_standard_output()))


def _take_standard_output() -> int:
    """Keep it for ourselves: a listener waits until nobody has it open, children neither."""
    listener = os.dup(sys.stdout.fileno())
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return listener


if __name__ == "__main__":
    sys.exit(main())
