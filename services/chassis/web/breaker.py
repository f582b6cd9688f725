"""A circuit breaker: what fails again and again is left alone for a moment."""

import time

FAILURES_TO_OPEN = 5
OPEN_SECONDS = 2.0


class Breaker:
    """Open after five failures in a row, for two seconds; then whoever is next tries again."""

    def __init__(self) -> None:
        self._failures = 0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Tell whether it is to be left alone."""
        return time.monotonic() < self._open_until

    def worked(self) -> None:
        """Note that it answered."""
        self._failures = 0

    def failed(self) -> None:
        """Note that it did not."""
        self._failures += 1
        if self._failures >= FAILURES_TO_OPEN:
            self._open_until = time.monotonic() + OPEN_SECONDS
