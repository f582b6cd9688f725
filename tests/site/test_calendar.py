"""Days become instants exactly, also where clocks jump."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.site.publishing.calendar import deadline_of, first_instant, zone_named

ZONES = sorted(available_timezones())


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        pytest.param("America/Denver", "2026-05-26", "2026-05-26T06:00:00+00:00", id="summer"),
        pytest.param("America/Denver", "2026-01-10", "2026-01-10T07:00:00+00:00", id="winter"),
        pytest.param("America/Denver", "2026-11-01", "2026-11-01T06:00:00+00:00", id="clocks back"),
        pytest.param("America/Denver", "2026-11-02", "2026-11-02T07:00:00+00:00", id="day after"),
        pytest.param("America/Denver", "2026-03-08", "2026-03-08T07:00:00+00:00", id="forward"),
        pytest.param("America/Denver", "2028-02-29", "2028-02-29T07:00:00+00:00", id="leap day"),
        pytest.param("UTC", "2026-05-26", "2026-05-26T00:00:00+00:00", id="UTC"),
        pytest.param(
            "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00+00:00", id="no midnight"
        ),
        pytest.param(
            "America/Havana", "2026-11-01", "2026-11-01T04:00:00+00:00", id="two midnights"
        ),
        pytest.param("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00+00:00", id="no such day"),
    ],
)
def test_a_day_begins_at_its_first_instant(zone: str, day: str, instant: str) -> None:
    assert first_instant(date.fromisoformat(day), zone_named(zone)).isoformat() == instant


@pytest.mark.parametrize(
    ("last_day", "instant"),
    [
        pytest.param("2026-07-26", "2026-07-27T06:00:00+00:00", id="summer"),
        pytest.param("2026-11-01", "2026-11-02T07:00:00+00:00", id="the long day counts whole"),
        pytest.param("2026-03-08", "2026-03-09T06:00:00+00:00", id="the short day counts whole"),
        pytest.param("2026-12-31", "2027-01-01T07:00:00+00:00", id="the year's last day"),
        pytest.param("2028-02-29", "2028-03-01T07:00:00+00:00", id="leap day"),
    ],
)
def test_the_last_day_counts_to_its_end(last_day: str, instant: str) -> None:
    deadline = deadline_of(date.fromisoformat(last_day), zone_named("America/Denver"))

    assert deadline.isoformat() == instant


@given(st.sampled_from(ZONES), st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 12, 31)))
def test_nothing_of_a_day_lies_before_its_first_instant(name: str, day: date) -> None:
    zone = ZoneInfo(name)
    at = first_instant(day, zone)

    assert at.tzinfo is UTC
    assert at.astimezone(zone).date() >= day
    # A whole day may be skipped (Apia, 2011), never more than the day itself.
    assert (at - timedelta(seconds=1)).astimezone(zone).date() < day
    assert abs(at - datetime(day.year, day.month, day.day, tzinfo=UTC)) <= timedelta(hours=26)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "America"])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a time zone"):
        zone_named(name)
