"""When a request to Stripe may start: evenly spaced, by the account and by the endpoint.

The same rules twice: as a script that Redis runs for all processes at once, and for one
process alone while Redis is away.
"""

import math
from collections import defaultdict
from typing import NamedTuple

AIM = 0.97
"""The part of a limit we use: what is sent evenly arrives a little less evenly."""

SLOW_SECONDS = 60.0
SLOW_FACTOR = 2
# A booking may leave so small a part of an interval unused before it.
HOLE = 4
MICRO = 1_000_000
# A time further ahead than this is no booking of ours: the value is not believed.
AHEAD_MAX_SECONDS = 5

BOOK = f"""
local time = redis.call('TIME')
local now = time[1] * {MICRO} + time[2]
local slower = redis.call('EXISTS', KEYS[3]) == 1 and {SLOW_FACTOR} or 1
local free = {{}}
for i = 1, 2 do
    free[i] = tonumber(redis.call('GET', KEYS[i]) or '0') or 0
    if not (free[i] - now < {AHEAD_MAX_SECONDS * MICRO}) then free[i] = 0 end
end
local is_account = tonumber(ARGV[1]) > 0
local next = is_account and math.max(now, free[1]) or now
local start = math.max(next, free[2])
local early = next - now - ARGV[3]
if early > 0 then return {{'account', early, 0}} end
early = start - now - ARGV[3]
if is_account then early = math.max(early, start - next - ARGV[1] / {HOLE}) end
if early > 0 then return {{'endpoint', early, 0}} end
for i = is_account and 1 or 2, 2 do
    local next_free = string.format('%.0f', start + ARGV[i] * slower)
    redis.call('SET', KEYS[i], next_free, 'PX', {AHEAD_MAX_SECONDS * 1_000})
end
return {{'booked', start - now, start}}
"""
"""Keys: the account's next free start, the endpoint's, and the mark that we were too fast.
Arguments: the two intervals, and how far ahead may be booked; all in microseconds. Without
an interval for the account (0) the booking is no request, and the account's start stays.

An endpoint that is ahead of the account waits until the account is nearly there: a booking
before that would leave starts between them that no other endpoint could have any more."""


class Asked(NamedTuple):
    """A start that was booked and how far it is, or what is in the way and for how long."""

    answer: str
    wait_seconds: float
    start: float = 0.0


class Limits(NamedTuple):
    """How many starts a second may hold: of the account, and of the endpoint.

    `account` 0: what is booked is not a request by itself.
    """

    account: int
    endpoint: int

    def of_one_among(self, processes: int) -> "Limits":
        """Return the part that is safe without knowing of the others; 1 at least.

        >>> Limits(80, 25).of_one_among(4)
        Limits(account=20, endpoint=6)
        """
        return Limits(
            max(1, self.account // processes) if self.account else 0,
            max(1, self.endpoint // processes),
        )

    def intervals(self) -> tuple[int, int]:
        """Return the microseconds between two starts of each; 0 where nothing is booked."""
        return interval_micros(self.account) if self.account else 0, interval_micros(self.endpoint)


class LocalSchedule:
    """The same schedule for one process alone, by its own clock."""

    def __init__(self) -> None:
        self._account_free = 0.0
        self._endpoints_free: defaultdict[str, float] = defaultdict(float)
        self._slow_until = 0.0

    def book(self, endpoint: str, limits: Limits, now: float, ahead_seconds: float) -> Asked:
        """Book a start, or say what is in the way."""
        account, interval = (micros / MICRO for micros in limits.intervals())
        next_start = max(now, self._account_free) if account else now
        start = max(next_start, self._endpoints_free[endpoint])
        if (early := next_start - now - ahead_seconds) > 0:
            return Asked("account", early)
        early = start - now - ahead_seconds
        if account:
            early = max(early, start - next_start - account / HOLE)
        if early > 0:
            return Asked("endpoint", early)
        slower = SLOW_FACTOR if now < self._slow_until else 1
        if account:
            self._account_free = start + account * slower
        self._endpoints_free[endpoint] = start + interval * slower
        return Asked("booked", start - now, start)

    def slow_down(self, now: float) -> None:
        """Halve the pace for a minute."""
        self._slow_until = now + SLOW_SECONDS


def interval_micros(per_second: int) -> int:
    """Return the microseconds between two starts, so that no second holds too many.

    >>> interval_micros(20)
    51547
    """
    return math.ceil(MICRO / (max(1, per_second) * AIM))
