"""The clock that moves the platform: instants, durations, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.sandbox.clock import parse_duration
from tests.sandbox.conftest import Sandbox


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P30D", timedelta(days=30)),
        ("PT1H", timedelta(hours=1)),
        ("P1DT2H", timedelta(days=1, hours=2)),
        ("P2W", timedelta(weeks=2)),
        ("PT90S", timedelta(seconds=90)),
        ("PT0.5S", timedelta(milliseconds=500)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("-P1D", timedelta(days=-1)),
    ],
)
def test_durations_of_iso_8601(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "30D", "P1M", "P1Y", "1 day", "PT1D"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        parse_duration(text)


async def test_the_clock_is_moved_to_an_instant_and_runs_on(sandbox: Sandbox) -> None:
    moved = await sandbox.move_clock(now="2026-03-01T07:00:00Z")
    later = (await sandbox.get("/sandbox/clock")).json
    customer = await sandbox.v1.customers.create_async({})

    assert moved["now"].startswith("2026-03-01T07:00:00")
    assert later["now"] >= moved["now"]
    assert later["offsetSeconds"] == moved["offsetSeconds"]
    created = datetime.fromtimestamp(customer.created, UTC)
    assert timedelta(0) <= created - datetime(2026, 3, 1, 7, tzinfo=UTC) < timedelta(seconds=10)


async def test_the_clock_advances_and_is_reset(sandbox: Sandbox) -> None:
    thirty = await sandbox.move_clock(advance="P30D")
    more = await sandbox.move_clock(advance="PT1H")
    reset = await sandbox.move_clock(reset=True)

    assert thirty["offsetSeconds"] == 30 * 86_400
    assert more["offsetSeconds"] == 30 * 86_400 + 3_600
    assert reset["offsetSeconds"] == 0


@pytest.mark.parametrize(
    ("how", "field"),
    [
        pytest.param({"now": "tomorrow"}, "now", id="no instant"),
        pytest.param({"now": "2026-03-01T07:00:00"}, "now", id="no zone"),
        pytest.param({"now": 5}, "now", id="a number"),
        pytest.param({"advance": "P1M"}, "advance", id="a month"),
        pytest.param({"advance": "P99999999D"}, "advance", id="far too long"),
        pytest.param({"reset": "yes"}, "reset", id="not true"),
        pytest.param({"jump": "P1D"}, "jump", id="unknown"),
        pytest.param({"now": "2026-03-01T07:00:00Z", "advance": "P1D"}, "advance", id="two"),
        pytest.param({}, "now", id="nothing"),
    ],
)
async def test_what_the_clock_refuses_names_the_field(
    sandbox: Sandbox, how: dict[str, Any], field: str
) -> None:
    answer = await sandbox.post("/sandbox/clock", how)

    assert answer.status == 400
    assert field in answer.json["fields"]
    assert (await sandbox.get("/sandbox/clock")).json["offsetSeconds"] == 0


async def test_curl_without_a_content_type_is_understood(sandbox: Sandbox) -> None:
    answer = await sandbox.post(
        "/sandbox/clock",
        data=b'{"advance": "P1D"}',
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert (answer.status, answer.json["offsetSeconds"]) == (200, 86_400)


async def test_a_body_that_is_no_json_is_refused(sandbox: Sandbox) -> None:
    answer = await sandbox.post(
        "/sandbox/clock", data=b"{", headers={"Content-Type": "application/json"}
    )

    assert answer.status == 400
