"""How many requests a vendor takes in a second."""

import time
from collections import deque


class RateLimit:
    """At most so many requests in any one second."""

    def __init__(self) -> None:
        self._taken: deque[float] = deque()

    def is_exceeded(self, per_second: int) -> bool:
        if per_second <= 0:
            self._taken.clear()
            return False
        now = time.monotonic()
        while self._taken and self._taken[0] <= now - 1:
            self._taken.popleft()
        if len(self._taken) >= per_second:
            return True
        self._taken.append(now)
        return False
