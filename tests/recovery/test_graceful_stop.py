"""A service that is asked to stop finishes what it has, and its successor takes over soon."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.support.platform import Platform, eventually

GAP_SECONDS_MAX = 30.0


@pytest.fixture
def platform(stack: Any) -> Iterator[Platform]:
    visitor = Platform(stack)
    yield visitor
    visitor.close()


class Watch:
    """Asks for the same thing again and again, and remembers when it was refused."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.longest_gap = 0.0
        self.answers = 0

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        well_at = time.monotonic()
        while not self._ended.is_set():
            is_well = self._ask()
            now = time.monotonic()
            self.longest_gap = max(self.longest_gap, now - well_at)
            if is_well:
                well_at, self.answers = now, self.answers + 1
            time.sleep(0.01)


@pytest.mark.parametrize("service", ["checkout", "pledges", "site"])
def test_a_service_asked_to_stop_is_back_by_itself_in_a_moment(
    stack: Any, platform: Platform, service: str
) -> None:
    slug = platform.publish(f"gap-{service}")
    path = {"checkout": "/inventory/", "pledges": "/stats/", "site": "/campaigns/"}[service]
    url = f"{stack.site}{path}{slug}{'/' if service == 'site' else ''}"
    client = httpx.Client(timeout=5)

    def ask() -> bool:
        try:
            return client.get(url).status_code == 200
        except httpx.TransportError:
            return False

    restarts = stack.status()["services"][service]["restarts"]
    # How long exactly depends on the machine and belongs in a bench, not in an assert.
    gap = _gap(stack, service, ask)
    client.close()

    assert gap < GAP_SECONDS_MAX
    assert stack.status()["services"][service]["restarts"] == restarts + 1


def _gap(stack: Any, service: str, ask: Callable[[], bool]) -> float:
    pid = stack.pid(service)
    with Watch(ask) as watch:
        time.sleep(0.5)
        stack.kill(service, signal.SIGTERM)
        eventually(lambda: stack.pid(service) not in (0, pid), what="a successor")
        eventually(ask, what="an answer")
        time.sleep(0.5)
    assert watch.answers > 10
    return watch.longest_gap


def patiently(step: Callable[[], httpx.Response]) -> httpx.Response:
    """Do as a browser does: what failed for our sake is sent again, as it was."""
    for _ in range(200):
        with contextlib.suppress(httpx.TransportError):
            answer = step()
            if answer.status_code < 500:
                return answer
        time.sleep(0.1)
    raise AssertionError("nobody answered for twenty seconds")


def pledge(platform: Platform, slug: str, person: str) -> None:
    """Pledge through whatever happens, and wait until it is in the ledger."""
    key = f"key-of-{person}".replace("@", "-")
    session = patiently(lambda: platform.start(slug, email=person, key=key)).json()
    saved = platform.save_card(session["sessionId"], email=person)
    assert saved.status_code == 200, saved.text
    path = f"/checkout-intent/status/{session['orderId']}?wait=2"
    for _ in range(20):
        if patiently(lambda: platform.http.get(path)).json()["persisted"]:
            return
    raise AssertionError(f"{person}'s pledge is not persisted")


def test_pledges_go_on_while_every_service_is_asked_to_stop_in_turn(
    stack: Any, platform: Platform
) -> None:
    slug = platform.publish("rolling")
    people = [f"person{number}@example.org" for number in range(12)]
    failures: list[str] = []

    def pledge_all() -> None:
        for person in people:
            try:
                pledge(platform, slug, person)
            except (AssertionError, KeyError) as exc:
                failures.append(f"{person}: {exc!r}")

    thread = threading.Thread(target=pledge_all)
    thread.start()
    for service in ("checkout", "pledges", "settlement", "notify", "site"):
        stack.kill(service, signal.SIGTERM)
        time.sleep(1.5)
    thread.join()

    assert failures == []
    eventually(lambda: all(each["ready"] for each in stack.status()["services"].values()))
    eventually(
        lambda: platform.live(slug)["stats"]["pledgeCount"] == len(people), what="all are counted"
    )
    for person in people:
        platform.mail(person, "Pledge confirmed")
