"""Named points at which a test can have the process die, as a power cut would.

`crash.point("outbox.after_publish")` does nothing, unless `POOL_CRASH_AT` names the point
and `POOL_MODE` is `development`. Then the process kills itself there, without a word to
anybody: whoever starts it again must find everything in order.

`POOL_CRASH_AT` is `[service/]point[:n]`, which fires at the n-th time in every life of the
process; or `@file`, whose first line says the same and which is removed by whoever
fires, so that it happens once in all processes together. `{service}` in the file's name
is the service, so that each can be given a point of its own.
"""

import os
import re
import signal
from collections import Counter
from typing import NamedTuple

SPEC = re.compile(
    r"(?:(?P<service>[a-z]+)/)?(?P<name>[a-z]+(?:\.[a-z_]+)+)(?::(?P<times>[1-9]\d*))?"
)


class Wanted(NamedTuple):
    """Which point, in which service if it matters, and at which time there."""

    name: str
    service: str | None
    times: int


class _Trap:
    """What `POOL_CRASH_AT` asks for, and how often each point was passed since then."""

    def __init__(self, service: str, spec: str) -> None:
        self._service = service
        self._file = spec[1:].replace("{service}", service) if spec.startswith("@") else ""
        self._passed: Counter[str] = Counter()
        self._current = ""
        if not self._file:
            self._read(spec)

    def reached(self, name: str) -> None:
        """Count, and die if this is the time."""
        wanted = self._from_file() if self._file else self._wanted
        if wanted is None or wanted.name != name or wanted.service not in (None, self._service):
            return
        self._passed[name] += 1
        if self._passed[name] >= wanted.times and self._is_ours_to_fire():
            # Straight to the descriptor: nothing that is buffered survives the next line.
            os.write(2, f'{{"event":"crash_point","point":"{name}"}}\n'.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def _from_file(self) -> Wanted | None:
        try:
            with open(self._file, encoding="ascii") as stream:
                spec = stream.readline().strip()
        except FileNotFoundError:
            self._current = ""
            return None
        if spec != self._current:
            self._passed.clear()
            self._read(spec)
        return self._wanted

    def _read(self, spec: str) -> None:
        self._current = spec
        self._wanted = parse(spec)

    def _is_ours_to_fire(self) -> bool:
        """Tell whether nobody was faster: one of all processes removes the file."""
        if not self._file:
            return True
        try:
            os.unlink(self._file)
        except FileNotFoundError:
            return False
        return True


_trap: _Trap | None = None


def parse(spec: str) -> Wanted:
    """Return what a setting asks for; raises `ValueError` when it cannot be read."""
    found = SPEC.fullmatch(spec)
    if found is None:
        raise ValueError(f"not a crash point: {spec!r}")
    return Wanted(found["name"], found["service"], int(found["times"] or 1))


def arm(service: str, spec: str, *, is_safe: bool) -> bool:
    """Take over what `POOL_CRASH_AT` says; False where real money or mail may be near."""
    global _trap  # noqa: PLW0603 - one process has one trap.
    _trap = _Trap(service, spec) if spec and is_safe else None
    return is_safe or not spec


def point(name: str) -> None:
    """Die here, if that was asked for."""
    if _trap is not None:
        _trap.reached(name)
