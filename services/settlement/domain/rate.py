"""How long a charge waits after it was put off."""

POSTPONED_SECONDS_MAX = 120


def postponed_seconds(times: int, *, jitter: float) -> float:
    """Return how long a charge waits after being put off for the `times`-th time.

    `jitter` between 0 and 1 spreads the return: half to all of the doubled delay.
    """
    longest = min(2.0 ** min(times, 10), POSTPONED_SECONDS_MAX)
    return longest * (1 + jitter) / 2
