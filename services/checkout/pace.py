"""How fast we may talk to Stripe: a token bucket for this process."""

import asyncio
import time


class Pace:
    """Lets `per_second` callers through each second, in the order they came. 0 lets all."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second if per_second > 0 else 0.0
        self._next = 0.0

    async def turn(self) -> None:
        """Wait until it is our turn."""
        if not self._interval:
            return
        now = time.monotonic()
        # A second of silence may be used up at once, not more.
        self._next = max(self._next + self._interval, now - 1.0)
        if self._next > now:
            await asyncio.sleep(self._next - now)
