"""One line and one measurement for each request, made of parts that lie ready.

A line through the logger's chain of processors was a third of what a page view cost. From one
request to the next only its id, instant and duration differ: everything else is written
once for each method, route and status, of which there are few.
"""

import time
from collections.abc import Callable

import msgspec

from services.chassis.process import telemetry


class _Kind:
    """What the lines of one method, route and status have in common."""

    __slots__ = ("head", "observe")

    def __init__(self, head: str, observe: Callable[[float], None]) -> None:
        self.head = head
        self.observe = observe


class RequestLog:
    """The lines of one process."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str, int], _Kind] = {}
        self._second = 0
        self._clock = ""

    def note(self, method: str, route: str, status: int, seconds: float, request_id: str) -> None:
        """Count a request that was answered, and say so in the log.

        `route` is the template and not the path: ids belong in no address of a log, and
        nobody can flood the metrics with made-up ones.
        """
        kind = self._kinds.get((method, route, status)) or self._learn(method, route, status)
        kind.observe(seconds)
        output = telemetry.whole_lines.output
        if output is not None:
            output.put(
                f'{kind.head}"{telemetry.shown_id(request_id)}","timestamp":"{self._now()}",'
                f'"ms":{seconds * 1000:.1f}}}'
            )

    def _learn(self, method: str, route: str, status: int) -> _Kind:
        same = {
            "event": "request",
            "level": "info",
            "logger": __name__,
            "service": telemetry.whole_lines.service,
            "method": method,
            "route": route,
            "status": status,
        }
        head = msgspec.json.encode(same).decode()[:-1] + ',"request_id":'
        kind = _Kind(head, telemetry.REQUESTS.labels(method, route, str(status)).observe)
        self._kinds[(method, route, status)] = kind
        return kind

    def _now(self) -> str:
        """Return the instant as the logger writes it; its seconds are written once each."""
        moment = time.time()
        second = int(moment)
        if second != self._second:
            self._second = second
            self._clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._clock}.{int((moment - second) * 1_000_000):06d}Z"


requests = RequestLog()
"""The one of this process."""
