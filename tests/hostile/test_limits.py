"""Failures from one address end at their limit: at once, under false names, without Redis."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from contracts.routes import ROUTES, Route
from tests.hostile import wire
from tests.hostile.wire import Answer
from tests.support.stack import Stack, running_stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

LIMITED = [route for route in ROUTES if route.failures_per_minute is not None]
AT_ONCE = 16
QUICK_SECONDS = 1.0
TWO_LIMITS = ("/quote", "/checkout-intent/summary")


@pytest.fixture(scope="module")
def strict() -> Iterator[Stack]:
    """A platform of its own whose limits are those of production."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RATE_LIMIT_SCALE", "1")
        with running_stack() as running:
            yield running


@pytest.fixture(autouse=True)
def fresh(strict: Stack) -> None:
    """Begin each test in a minute of its own: nothing is counted yet."""
    # The window slides: a test that crosses a minute would be let in for part of another.
    if time.time() % 60 > 55:
        time.sleep(61 - time.time() % 60)


def _failing(strict: Stack, route: Route, headers: dict[str, str]) -> tuple[float, Answer]:
    """Send one request that must fail; return how long its answer took."""
    target = route.path.replace("{slug}", "no-such-film")
    is_read = route.method == "GET"
    said = wire.request(
        route.method,
        f"{target}?token=x&orderId=x" if is_read else target,
        {"Origin": strict.site, "Content-Type": "application/json", **headers},
        None if is_read else b"{}",
        host=strict.site.removeprefix("http://"),
    )
    began = time.monotonic()
    answer = wire.send(strict.site, said)
    return time.monotonic() - began, answer


def _burst(
    strict: Stack, route: Route, times: int, *, spoofed: bool = False
) -> list[tuple[float, Answer]]:
    def one(number: int) -> tuple[float, Answer]:
        name = f"203.0.113.{number % 250}"
        forged = {
            "X-Forwarded-For": name,
            "X-Real-IP": name,
            "Forwarded": f"for={name}",
            "X-Pool-Client": name,
            "CF-Connecting-IP": name,
            "True-Client-IP": name,
        }
        return _failing(strict, route, forged if spoofed else {})

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(times)))


def _limit(route: Route) -> int:
    assert route.failures_per_minute is not None
    return route.failures_per_minute


@pytest.mark.usefixtures("a_minute")
@pytest.mark.parametrize("route", LIMITED, ids=lambda route: f"{route.method} {route.path}")
def test_three_times_the_limit_is_let_in_once(strict: Stack, route: Route) -> None:
    limit = _limit(route)

    answers = [answer for _, answer in _burst(strict, route, 3 * limit)]
    spoofed = [answer for _, answer in _burst(strict, route, 20, spoofed=True)]

    statuses = Counter(answer.status for answer in answers)
    refused = [answer for answer in (*answers, *spoofed) if answer.status == 429]
    assert not [status for status in statuses if status >= 500]
    assert limit <= statuses.total() - statuses[429] <= limit * 1.05, statuses
    # A name somebody gives themselves is worth nothing: at most what a minute gives back.
    assert len([each for each in spoofed if each.status != 429]) <= max(1, limit * 0.05)
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert {answer.error for answer in refused} == {"too_many_requests"}


def test_one_route_that_is_used_up_is_no_other(strict: Stack) -> None:
    read = httpx.get(f"{strict.site}/", headers={"Accept": "text/html"})
    unlimited = httpx.get(f"{strict.site}/stats/no-such-film")

    assert (read.status_code, unlimited.status_code) == (200, 404)


@pytest.mark.usefixtures("a_minute")
def test_without_redis_each_process_counts_for_itself_and_answers_stay_quick(
    strict: Stack,
) -> None:
    """What Redis knew of other processes cannot be asked; each knows what it let in itself."""
    pid = strict.kill("redis", signal.SIGSTOP)
    try:
        for path in TWO_LIMITS:
            route = next(each for each in LIMITED if each.path == path)
            answers = _burst(strict, route, 3 * _limit(route))
            statuses = Counter(answer.status for _, answer in answers)
            slowest = sorted(seconds for seconds, _ in answers)[int(len(answers) * 0.95)]
            page = httpx.get(f"{strict.site}/about/")

            assert not [status for status in statuses if status >= 500]
            assert statuses.total() - statuses[429] <= _limit(route) + 1, statuses
            assert slowest < QUICK_SECONDS
            assert page.elapsed.total_seconds() < QUICK_SECONDS
    finally:
        strict.kill("redis", signal.SIGCONT)
    assert pid
