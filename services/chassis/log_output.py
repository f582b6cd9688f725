"""Log lines leave through a queue and a thread, so that nobody waits for a reader.

A pipe that nobody reads fills up; a write to it would then stop the event loop, and
with it every request of the process (seen). Lines that find the queue full are counted
and dropped: better to lose a line than a request.
"""

import atexit
import logging
import queue
import sys
import threading
import time

from prometheus_client import Counter

LINES_MAX = 10_000
FLUSH_SECONDS = 1.0


class LogOutput(logging.Handler):
    """Formats in the caller's thread, writes to stdout in its own."""

    def __init__(self, dropped: Counter) -> None:
        super().__init__()
        self._lines: queue.Queue[str] = queue.Queue(LINES_MAX)
        self._dropped = dropped
        self._writer = threading.Thread(target=self._write, name="log-output", daemon=True)
        self._writer.start()
        atexit.register(self.flush)

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line, or count it as lost. What says something at the very end is not heard.

        The interpreter is being taken down by then, and nothing can be imported any more.
        """
        if sys.is_finalizing():
            return
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self._dropped.inc()

    def flush(self) -> None:
        """Let the writer catch up, but never wait for a reader that doesn't come."""
        limit = time.monotonic() + FLUSH_SECONDS
        while self._lines.unfinished_tasks and time.monotonic() < limit:
            time.sleep(0.01)

    def _write(self) -> None:
        while True:
            line = self._lines.get()
            try:
                sys.stdout.write(line + "\n")
                if self._lines.empty():
                    sys.stdout.flush()
            except (OSError, ValueError):
                self._dropped.inc()
            finally:
                self._lines.task_done()
