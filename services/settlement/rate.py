"""How fast we may go, and how long to wait after being put off."""

SLOW_SECONDS = 60.0
SLOW_FACTOR = 0.5
POSTPONED_SECONDS_MAX = 120


class TokenBucket:
    """At most `per_second` starts a second, evenly; half of it for a minute after a 429."""

    def __init__(self, per_second: int, *, now: float) -> None:
        assert per_second > 0
        self._per_second = per_second
        self._next_at = now
        self._slow_until = now

    def wait_seconds(self, now: float) -> float:
        """Take the next token; return how long to wait before it may be used."""
        starts_at = max(self._next_at, now)
        self._next_at = starts_at + 1 / self._rate(now)
        return starts_at - now

    def slow_down(self, now: float) -> None:
        """Halve the rate for a minute: the other side said that we are too fast."""
        self._slow_until = now + SLOW_SECONDS

    def _rate(self, now: float) -> float:
        return self._per_second * (SLOW_FACTOR if now < self._slow_until else 1)


def postponed_seconds(times: int, *, jitter: float) -> float:
    """Return how long a charge waits after being put off for the `times`-th time.

    `jitter` between 0 and 1 spreads the return: half to all of the doubled delay.
    """
    longest = min(2.0 ** min(times, 10), POSTPONED_SECONDS_MAX)
    return longest * (1 + jitter) / 2
