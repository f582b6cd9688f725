"""A child's log on disk: one JSON object per line, never larger than its cap."""

import json
import re
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

FILE_BYTES_MAX = 5_000_000
LINE_BYTES_MAX = 65_536
TAIL_LINES = 12

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
        if self._stream is None:
            self._stream = self.path.open("ab", buffering=0)
        if self._stream.tell() + len(out) > self.bytes_max:
            self._stream.close()
            self.path.replace(self.path.with_suffix(".log.1"))
            self._stream = self.path.open("ab", buffering=0)
        self._stream.write(out)

    def _as_json(self, line: bytes) -> bytes:
        self.tail.append(line[:500].decode(errors="replace"))
        if line.startswith(b"{") and line.rstrip().endswith(b"}"):
            return line + b"\n"
        level = next((name for pattern, name in _LEVELS if pattern.search(line)), "info")
        wrapped = {
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "level": level,
            "service": self._service,
            "event": line[:LINE_BYTES_MAX].decode(errors="replace").rstrip(),
        }
        return json.dumps(wrapped, ensure_ascii=False).encode() + b"\n"
