"""A service that is asked to stop finishes what it has, and its successor takes over soon."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.support.platform import Platform, eventually

GAP_SECONDS = 2.0


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
def test_one_replica_is_away_for_two_seconds_at_most_when_it_is_asked_to_stop(
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
    pid = stack.pid(service)
    with Watch(ask) as watch:
        time.sleep(0.5)
        stack.kill(service, signal.SIGTERM)
        eventually(lambda: stack.pid(service) not in (0, pid), what="a successor")
        eventually(ask, what="an answer")
        time.sleep(0.5)
    client.close()

    assert watch.answers > 50
    assert watch.longest_gap <= GAP_SECONDS
    assert stack.status()["services"][service]["restarts"] == restarts + 1
    assert "exit code 0" in _supervisor_said(stack)


def test_pledges_go_on_while_every_service_is_asked_to_stop_in_turn(
    stack: Any, platform: Platform
) -> None:
    slug = platform.publish("rolling")
    people = [f"person{number}@example.org" for number in range(12)]
    failures: list[str] = []

    def pledge_all() -> None:
        for person in people:
            for _ in range(40):
                try:
                    platform.pledge(slug, email=person, key=f"key-{person[:8]}-{slug}")
                    break
                except (AssertionError, httpx.HTTPError, ValueError, KeyError):
                    time.sleep(0.25)
            else:
                failures.append(person)

    thread = threading.Thread(target=pledge_all)
    thread.start()
    for service in ("checkout", "pledges", "settlement", "notify", "site"):
        stack.kill(service, signal.SIGTERM)
        time.sleep(1.5)
    thread.join()

    assert failures == []
    eventually(lambda: platform.live(slug)["pledgeCount"] == len(people), what="all are counted")
    for person in people:
        platform.mail(person, "")


def _supervisor_said(stack: Any) -> str:
    logs = [each.read_text(errors="replace") for each in (stack.data / "logs").glob("*")]
    return "\n".join(logs)
