"""Money, dates and time left, in both languages."""

from datetime import UTC, datetime, timedelta

import pytest

from services.site.public import formatting
from services.site.public.language import Language
from tests.site.stages import DEADLINE

DENVER = "America/Denver"


@pytest.mark.parametrize(
    ("cents", "text"),
    [(0, "$0"), (1_864_000, "$18,640"), (5_944, "$59.44"), (50, "$0.50"), (-1_250, "−$12.50")],
)
def test_money_has_cents_only_where_there_are_some(cents: int, text: str) -> None:
    assert formatting.money(cents) == text


def test_totals_always_show_cents() -> None:
    assert formatting.money(6_000, always_cents=True) == "$60.00"


@pytest.mark.parametrize(("language", "text"), [("en", "7.875%"), ("es", "7.875\u00a0%")])
def test_a_rate_is_shown_exactly(language: Language, text: str) -> None:
    assert formatting.rate("0.07875", language) == text


@pytest.mark.parametrize(
    ("language", "day", "time"),
    [
        ("en", "Sunday, December 13", "11:59\u00a0pm Mountain Time"),
        ("es", "domingo 13 de diciembre", "11:59\u00a0p.\u00a0m., hora de la Montaña"),
    ],
)
def test_a_deadline_is_shown_as_its_last_minute(language: Language, day: str, time: str) -> None:
    last = formatting.last_minute(DEADLINE)

    assert formatting.weekday(last, DENVER, language) == day
    assert formatting.time(last, DENVER, language) == time


def test_midnight_and_noon_are_twelve() -> None:
    midnight = datetime(2026, 12, 7, 7, tzinfo=UTC)

    assert formatting.time(midnight, DENVER, "en").startswith("12:00\u00a0am")
    assert formatting.time(midnight + timedelta(hours=12), DENVER, "en").startswith("12:00\u00a0pm")


@pytest.mark.parametrize(
    ("left", "text"),
    [
        pytest.param(timedelta(days=9, hours=4), "9 days 4 hours", id="days"),
        pytest.param(timedelta(days=1, hours=1), "1 day 1 hour", id="singular"),
        pytest.param(timedelta(hours=4, minutes=12, seconds=9), "4 hours 12\u00a0min", id="hours"),
        pytest.param(timedelta(minutes=5, seconds=9), "5\u00a0min 9\u00a0s", id="the last hour"),
        pytest.param(timedelta(seconds=-1), "0\u00a0min 0\u00a0s", id="never negative"),
    ],
)
def test_time_left_has_no_seconds_before_the_last_hour(left: timedelta, text: str) -> None:
    assert formatting.time_left(DEADLINE, DEADLINE - left, "en") == text


def test_zones_have_the_names_people_use() -> None:
    assert formatting.zone_name("UTC", "es") == "UTC"
    assert formatting.zone_name("America/New_York", "es") == "hora del Este"
    assert formatting.zone_name("Europe/Madrid", "en") == "Central European Time"
