"""The line of a request: what the logger would write, as careful, and much cheaper."""

import json
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import json, sys
from services.chassis.process import telemetry
from services.chassis.process.request_log import requests
level, *ids = sys.argv[1:]
telemetry.configure_logs("toy", level)
for one in ids:
    requests.note("GET", "/films/{slug}", 200, 0.01234, one)
    telemetry.correlation.set(one)
    telemetry.logger("by.hand").info("request", method="GET", route="/films/{slug}", status=200)
sys.stdout.flush()
"""
OWN = "01997dbd-7a3e-7c11-8f00-1234567890ab"
FIGURES = "01234567-8901-7234-8567-890123456789"


def _lines(level: str, *ids: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, level, *ids],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_it_says_what_the_logger_says() -> None:
    quick, slow = _lines("INFO", OWN)

    assert quick.pop("ms") == 12.3
    assert len(quick["timestamp"]) == len(slow["timestamp"])
    for line in (quick, slow):
        del line["timestamp"], line["logger"]
    assert quick == slow
    assert quick["request_id"] == OWN


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("sk_test_abcdefghijklmnop", id="a vendor's key"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9.e30.x", id="a token"),
        pytest.param("4242424242424242", id="a card's number"),
    ],
)
def test_what_was_given_as_an_id_and_is_a_secret_is_not_repeated(given: str) -> None:
    quick, slow = _lines("INFO", given)

    assert quick["request_id"] == slow["request_id"]
    assert given not in quick["request_id"]


def test_an_id_of_ours_stays_whole_though_it_be_all_figures() -> None:
    assert [line["request_id"] for line in _lines("INFO", FIGURES)] == [FIGURES, FIGURES]


def test_who_wants_no_such_lines_gets_none() -> None:
    assert _lines("WARNING", OWN) == []
