"""Log lines leave through a queue and a thread, so that nobody waits for a reader.

A pipe that nobody reads fills up; a write to it would then stop the event loop, and
with it every request of the process (seen). Lines that find the queue full are counted
and dropped: better to lose a line than a request.
"""

import atexit
import logging
import sys
import threading
import time
from collections import deque

from prometheus_client import Counter

LINES_MAX = 10_000
LINES_TOGETHER = 500
FLUSH_SECONDS = 1.0
# A thread that wakes for each line takes the interpreter from a request each time.
GATHER_SECONDS = 0.02


class LogOutput(logging.Handler):
    """Formats in the caller's thread, writes to stdout in its own, some lines at a time."""

    def __init__(self, dropped: Counter) -> None:
        super().__init__()
        self._lines: deque[str] = deque()
        self._has_some = threading.Event()
        self._is_writing = False
        self._dropped = dropped
        self._writer = threading.Thread(target=self._write, name="log-output", daemon=True)
        self._writer.start()
        atexit.register(self.flush)

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line, or count it as lost. What says something at the very end is not heard.

        The interpreter is being taken down by then, and nothing can be imported any more.
        """
        if not sys.is_finalizing():
            self.put(self.format(record))

    def put(self, line: str) -> None:
        """Queue a line that is written already, or count it as lost."""
        if len(self._lines) >= LINES_MAX:
            self._dropped.inc()
            return
        self._lines.append(line)
        if not self._has_some.is_set():
            self._has_some.set()

    def flush(self) -> None:
        """Let the writer catch up, but never wait for a reader that doesn't come."""
        limit = time.monotonic() + FLUSH_SECONDS
        while (self._lines or self._is_writing) and time.monotonic() < limit:
            time.sleep(GATHER_SECONDS / 2)

    def _write(self) -> None:
        while True:
            self._has_some.wait()
            time.sleep(GATHER_SECONDS)
            self._has_some.clear()
            self._is_writing = True
            while self._lines:
                self._put_out(min(len(self._lines), LINES_TOGETHER))
            self._is_writing = False

    def _put_out(self, count: int) -> None:
        text = "".join(self._lines.popleft() + "\n" for _ in range(count))
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except (OSError, ValueError):
            self._dropped.inc(count)
