"""When a request to Stripe may start: by the account and by the endpoint.

An account's starts are evenly spaced. An endpoint's are counted: between a start and the one
that is as many later as the limit allows there is a second and a little more. So whoever was
late is made up for as long as no second holds too many, and a limit is used to its end.

The same rules twice: as scripts that Redis runs for all processes at once, and for one
process alone while Redis is away.
"""

import math
from collections import defaultdict, deque
from typing import NamedTuple

AIM = 0.97
"""The part of a limit we use: what is sent evenly arrives a little less evenly."""

CATCH_UP = 1.1
"""How much faster than its limit an endpoint may be for a part of a second.

More would make up sooner for what was missed, and fill each second to its end just when a
busy machine lets requests arrive unevenly: with 1.25, 27 arrived in one of 25."""

SLOW_SECONDS = 60.0
SLOW_FACTOR = 2
# A booking may leave so small a part of an interval unused before it.
HOLE = 4
MICRO = 1_000_000
# A time further ahead than this is no booking of ours: the value is not believed.
AHEAD_MAX_SECONDS = 5
# Of each endpoint, by one process: more than any limit has in a second.
STARTS_KEPT = 1_000
WINDOW_MICROS = math.ceil(MICRO / AIM)

BOOK = f"""
local time = redis.call('TIME')
local now = time[1] * {MICRO} + time[2]
local slower = redis.call('EXISTS', KEYS[3]) == 1 and {SLOW_FACTOR} or 1
local account, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local ahead, count = tonumber(ARGV[3]), tonumber(ARGV[4])
local function believed(value)
    local at = tonumber(value or '0') or 0
    return at - now < {AHEAD_MAX_SECONDS * MICRO} and at or 0
end
local last = {{}}
for at in string.gmatch(redis.call('GET', KEYS[2]) or '', '%d+') do last[#last + 1] = at end
local spacing = {WINDOW_MICROS} / (limit * {CATCH_UP}) * slower
local free = account > 0 and believed(redis.call('GET', KEYS[1])) or 0
local answer, wait, starts = 'booked', 0, {{'booked', string.format('%.0f', now)}}
while #starts - 2 < count do
    local next = math.max(now, free)
    local start = math.max(next, believed(last[#last]) + spacing,
        believed(last[#last - limit + 1]) + {WINDOW_MICROS} * slower)
    if next - now > ahead then
        answer, wait = 'account', next - now - ahead
        break
    end
    wait = start - now - ahead
    if account > 0 then wait = math.max(wait, start - next - account / {HOLE}) end
    if wait > 0 then
        answer = 'endpoint'
        break
    end
    last[#last + 1] = string.format('%.0f', start)
    starts[#starts + 1] = last[#last]
    if account > 0 then free = start + account * slower end
end
if #starts == 2 then return {{answer, string.format('%.0f', math.ceil(wait))}} end
local kept = table.concat(last, ' ', math.max(1, #last - limit + 1))
redis.call('SET', KEYS[2], kept, 'PX', {AHEAD_MAX_SECONDS * 1_000})
if account > 0 then
    redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', {AHEAD_MAX_SECONDS * 1_000})
end
return starts
"""
"""Keys: the account's next free start, the endpoint's last ones, and the mark that we were too
fast. Arguments: the account's interval, the endpoint's limit, how far ahead may be booked, and
how many starts at most; times in microseconds. Without an interval for the account (0) the
booking is no request, and the account's start stays. Returns what is in the way and for how
long, or the time by which it books and the starts.

An endpoint that is ahead of the account waits until the account is nearly there: a booking
before that would leave starts between them that no other endpoint could have any more."""

MOVE = f"""
local kept, moved = string.gsub(redis.call('GET', KEYS[1]) or '', ARGV[1], ARGV[2])
if moved > 0 then redis.call('SET', KEYS[1], kept, 'PX', {AHEAD_MAX_SECONDS * 1_000}) end
return moved
"""
"""Key: an endpoint's last starts. Arguments: one that was booked, and when it really was."""


class InTheWay(NamedTuple):
    """What keeps a start from being booked, "account" or "endpoint", and for how long."""

    what: str
    wait_seconds: float


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

    @property
    def account_micros(self) -> int:
        """Return the microseconds between two starts of the account; 0: not booked there."""
        return interval_micros(self.account) if self.account else 0


def _starts() -> deque[float]:
    return deque(maxlen=STARTS_KEPT)


class LocalSchedule:
    """The same schedule for one process alone, by its own clock."""

    def __init__(self) -> None:
        self._account_free = 0.0
        self._starts: defaultdict[str, deque[float]] = defaultdict(_starts)
        self._slow_until = 0.0

    def book(
        self, endpoint: str, limits: Limits, now: float, ahead_seconds: float
    ) -> float | InTheWay:
        """Return a start that was booked, or what is in the way."""
        slower = SLOW_FACTOR if now < self._slow_until else 1
        window = WINDOW_MICROS / MICRO * slower
        account = limits.account_micros / MICRO
        starts = self._starts[endpoint]
        while len(starts) > limits.endpoint:
            starts.popleft()
        next_start = max(now, self._account_free) if account else now
        start = next_start
        if starts:
            start = max(start, starts[-1] + window / (limits.endpoint * CATCH_UP))
        if len(starts) == limits.endpoint:
            start = max(start, starts[0] + window)
        if (early := next_start - now - ahead_seconds) > 0:
            return InTheWay("account", early)
        early = start - now - ahead_seconds
        if account:
            early = max(early, start - next_start - account / HOLE)
        if early > 0:
            return InTheWay("endpoint", early)
        if account:
            self._account_free = start + account * slower
        starts.append(start)
        return start

    def note(self, endpoint: str, start: float) -> None:
        """Know of a start that was booked elsewhere: what is booked here keeps its distance."""
        self._starts[endpoint].append(start)

    def move(self, endpoint: str, booked: float, actual: float) -> None:
        """Say that a start that was booked came later."""
        starts = self._starts[endpoint]
        if booked in starts:
            starts[starts.index(booked)] = actual

    def slow_down(self, now: float) -> None:
        """Halve the pace for a minute."""
        self._slow_until = now + SLOW_SECONDS


def interval_micros(per_second: int) -> int:
    """Return the microseconds between two starts, so that no second holds too many.

    >>> interval_micros(20)
    51547
    """
    return math.ceil(MICRO / (max(1, per_second) * AIM))
