"""One budget for the account: several processes of two services, and what Stripe sees of them."""

import json
import subprocess
import sys

import pytest

from deploy.bench.asked import fullest_second
from tests.checkout.sandbox import Sandbox

LIMIT = 20
EACH = 24
PROCESSES = ("web", "worker", "settlement")


@pytest.fixture
def starts(sandbox: Sandbox, redis_url: str) -> list[float]:
    """Return the starts of every request of all processes, which ran at the same time."""
    argv = [sys.executable, "-m", "tests.checkout.budget_worker"]
    more = (sandbox.url, redis_url, str(LIMIT), str(EACH))
    running = [
        subprocess.Popen([*argv, service, *more], stdout=subprocess.PIPE) for service in PROCESSES
    ]
    printed = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0] * len(PROCESSES)
    return sorted(start for each in printed for start in json.loads(each.splitlines()[-1]))


def test_no_second_has_more_starts_than_the_account_allows_and_every_request_took_its_turn(
    sandbox: Sandbox, starts: list[float]
) -> None:
    seen = [each for each in sandbox.requests() if each["at"] >= starts[0] - 1]

    assert len(starts) == len(PROCESSES) * EACH
    assert fullest_second(starts) <= LIMIT
    assert len(seen) == len(starts), "nothing is sent, or sent again, without a turn"
    assert [each["status"] for each in seen].count(429) == 0
