"""What the sandbox's log says of how fast we are: by operation, in sliding seconds."""

from typing import Any

import pytest

from deploy.bench import asked


def seen(method: str, path: str, at: float = 0.0, status: int = 200) -> dict[str, Any]:
    return {"method": method, "path": path, "at": at, "status": status}


def test_an_operation_is_one_whatever_object_it_is_about() -> None:
    log = [
        seen("POST", "/v1/payment_intents"),
        seen("POST", "/v1/payment_intents/pi_1AbC/confirm"),
        seen("POST", "/v1/payment_intents/pi_2/confirm"),
        seen("GET", "/v1/payment_intents"),
        seen("GET", "/v1/charges/ch_9"),
    ]

    found = {name: len(each) for name, each in asked.by_endpoint(log).items()}

    assert found == {
        "POST payment_intents": 1,
        "POST payment_intents/{}/confirm": 2,
        "GET payment_intents": 1,
        "GET charges/{}": 1,
    }


@pytest.mark.parametrize(
    ("starts", "fullest"),
    [
        pytest.param([0.0], 1, id="one"),
        pytest.param([0.0, 1.0], 1, id="a second later is another second"),
        pytest.param([0.6, 0.7, 1.2, 1.5], 4, id="across the turn of a second"),
        pytest.param([3.0, 0.0, 3.9, 3.95], 3, id="in any order"),
    ],
)
def test_the_fullest_second_may_begin_anywhere(starts: list[float], fullest: int) -> None:
    assert asked.fullest_second(starts) == fullest


def test_the_rate_is_that_between_the_first_and_the_last() -> None:
    assert asked.per_second([10.0, 10.5, 11.0]) == 2.0


def test_who_was_too_fast_is_a_share_of_all() -> None:
    log = [seen("POST", "/v1/payment_intents", status=status) for status in (200, 429, 200, 402)]

    assert asked.refused_share(log) == 0.25
