"""A child's log on disk: one JSON object per line, never larger than its cap.

On a full disk lines are lost and counted, and whoever wrote them runs on.
"""

import errno
import json
import os
import re
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

FILE_BYTES_MAX = 5_000_000
LINE_BYTES_MAX = 65_536
TAIL_LINES = 12
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

_LEVELS = (
    (re.compile(rb"\b(FATAL|PANIC)\b|\[FTL\]"), "critical"),
    (re.compile(rb"\bERROR\b|\[ERR\]|^Traceback|^\w*(Error|Exception)\b"), "error"),
    (re.compile(rb"\bWARNING\b|\[WRN\]|^\d+:\w .* # WARNING"), "warning"),
    (re.compile(rb"\[DBG\]|\bDEBUG\b"), "debug"),
)


class LogFile:
    """Appends lines to `path`; what is not JSON yet becomes it. One older file is kept."""

    def __init__(self, path: Path, service: str, *, bytes_max: int = FILE_BYTES_MAX) -> None:
        self.path = path
        self.bytes_max = bytes_max
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._service = service
        self._stream: BinaryIO | None = None
        self._rest = b""
        self._lost = 0

    def feed(self, chunk: bytes) -> None:
        """Write every line that is complete; hold the rest back until it is."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LINE_BYTES_MAX:
            lines, self._rest = [*lines, self._rest], b""
        out = b"".join(self._as_json(line) for line in lines if line.strip())
        if out:
            self._write(out)

    def close(self) -> None:
        """Write what the process left unfinished when it ended; more may follow later."""
        rest, self._rest = self._rest, b""
        if rest.strip():
            self._write(self._as_json(rest))
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _write(self, out: bytes) -> None:
        try:
            if self._lost:
                self._append(self._wrapped("error", f"{self._lost} lines lost: the disk was full"))
                self._lost = 0
            self._append(out)
        except OSError as exc:
            if exc.errno not in NO_ROOM:
                raise
            self._lost += out.count(b"\n")

    def _append(self, out: bytes) -> None:
        """Write it whole, or leave the file as it was."""
        if self._stream is None:
            self._stream = self.path.open("ab", buffering=0)
        if self._stream.tell() + len(out) > self.bytes_max:
            self._stream.close()
            self.path.replace(self.path.with_suffix(".log.1"))
            self._stream = self.path.open("ab", buffering=0)
        before = self._stream.tell()
        written = self._stream.write(out)
        if written != len(out):
            self._stream.truncate(before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _as_json(self, line: bytes) -> bytes:
        self.tail.append(line[:500].decode(errors="replace"))
        if line.startswith(b"{") and line.rstrip().endswith(b"}"):
            return line + b"\n"
        level = next((name for pattern, name in _LEVELS if pattern.search(line)), "info")
        return self._wrapped(level, line[:LINE_BYTES_MAX].decode(errors="replace").rstrip())

    def _wrapped(self, level: str, event: str) -> bytes:
        wrapped = {
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "level": level,
            "service": self._service,
            "event": event,
        }
        return json.dumps(wrapped, ensure_ascii=False).encode() + b"\n"
