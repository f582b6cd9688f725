"""How fast we may ask Resend: our own budget, and the pauses it tells us to make."""

import asyncio
import time

AT_ONCE_MAX = 16
LEASED_SECONDS = 3.0


class Pace:
    """Hands out turns, `per_second` of them; 0 means at once."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._free_at = 0.0
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
        """Wait for a turn; False when a pause has begun meanwhile and there is none."""
        now = time.monotonic()
        starts_at = max(now, self._free_at)
        self._free_at = starts_at + self._interval
        await asyncio.sleep(starts_at - now)
        return not self.held_seconds
