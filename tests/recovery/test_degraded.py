"""What is away is named; nothing but our own database makes a service unready."""

import time
from typing import Any

import httpx
import pytest

from tests.recovery.stopping import stopped
from tests.support.platform import Platform, eventually


def readyz(stack: Any, service: str) -> tuple[int, dict[str, Any]]:
    url = stack.status()["services"][service]["url"]
    answer = httpx.get(f"{url}/readyz", timeout=5)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("service", ["checkout", "pledges", "site"])
def test_a_hung_bus_degrades_and_never_makes_unready(stack: Any, service: str) -> None:
    def names_it() -> bool:
        status, body = readyz(stack, service)
        assert status == 200, body
        return "nats" in body["degraded"]

    with stopped(stack.pid("nats")):
        began = time.monotonic()
        eventually(names_it, seconds=17)
        assert time.monotonic() - began < 17
    eventually(lambda: readyz(stack, service)[1]["degraded"] == [], what="well again")


def test_a_hung_redis_is_named_and_pages_stay_quick(stack: Any) -> None:
    platform = Platform(stack)
    slug = platform.publish("quick-pages")
    with stopped(stack.pid("redis")):
        slowest = 0.0
        for _ in range(100):
            began = time.monotonic()
            assert platform.http.get(f"/campaigns/{slug}/").status_code == 200
            assert platform.http.get(f"/inventory/{slug}").status_code == 200
            slowest = max(slowest, time.monotonic() - began)
        status, body = readyz(stack, "site")
    platform.close()

    assert slowest < 0.5
    assert status == 200
    assert body["missing"] == []
    eventually(lambda: "redis" not in readyz(stack, "site")[1]["degraded"], what="well again")
