"""How fast we may ask Resend: our own budget, and the pauses it tells us to make."""

import asyncio
import time
from collections import deque

AT_ONCE_MAX = 16
LEASED_SECONDS = 3.0
# On its way a request loses a moment, never the same one. Who comes too early is refused, and
# then nobody is heard for a whole second.
SLACK = 0.05
# Whoever waits for a turn waits through a pause as short as that; a lease is longer by far.
PATIENCE_SECONDS = 5.0
# Turns are this even at least; the rest is the limit's.
EVENNESS = 0.9


class Pace:
    """Hands out turns, never more than `per_second` in a second; 0 means at once.

    Counted by when they began: one that was late does not let the next come early.
    """

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        together = max(1, int(per_second))
        self._window = together * self._interval * (1 + SLACK)
        self._begun: deque[float] = deque(maxlen=together)
        self._line = asyncio.Lock()
        self._held_until = 0.0

    @property
    def at_once(self) -> int:
        """Return how many turns fit into a few seconds: that many mails may be leased."""
        if not self._interval:
            return AT_ONCE_MAX
        return max(1, min(AT_ONCE_MAX, int(LEASED_SECONDS / self._interval)))

    @property
    def held_seconds(self) -> float:
        """Return how long nobody gets a turn any more."""
        return max(0.0, self._held_until - time.monotonic())

    def hold(self, seconds: float) -> None:
        """Give no turn for that long."""
        self._held_until = max(self._held_until, time.monotonic() + seconds)

    async def turn(self) -> bool:
        """Wait for a turn; False when a pause has begun meanwhile that is too long to wait for."""
        came_at = time.monotonic()
        async with self._line:
            while True:
                now = time.monotonic()
                opens_at = max(self._free_at(), self._held_until)
                if opens_at <= now:
                    self._begun.append(now)
                    return True
                if self.held_seconds and opens_at - came_at > PATIENCE_SECONDS:
                    return False
                await asyncio.sleep(opens_at - now)

    def _free_at(self) -> float:
        if not self._begun:
            return 0.0
        even = self._begun[-1] + self._interval * EVENNESS
        is_full = len(self._begun) == self._begun.maxlen
        return max(even, self._begun[0] + self._window) if is_full else even
