"""What a bank's no means: every code of the data file, every advice, every calendar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.recovery import DeclineClass
from deploy.sandbox import outcomes
from services.settlement.domain import recovery
from services.settlement.domain.charging import Declined
from services.settlement.domain.recovery import RULES, Tried

BEGAN = datetime(2026, 3, 31, 7, tzinfo=UTC)
CLASSES = sorted(RULES.classes)
LISTED = sorted((code, name) for name, rule in RULES.classes.items() for code in rule.codes)


def after(
    because: DeclineClass, *, days: float = 0, automatic: int = 1, window: int = 7
) -> timedelta | None:
    """Return how long after the first decline the next try comes, declined `days` after it."""
    tried = Tried(
        began_at=BEGAN,
        declined_at=BEGAN + timedelta(days=days),
        ends_at=BEGAN + timedelta(days=window),
        zone="UTC",
        automatic=automatic,
    )
    at = recovery.next_attempt(because, tried)
    return None if at is None else at - BEGAN


@pytest.mark.parametrize(("code", "because"), LISTED)
def test_every_listed_code_has_its_class(code: str, because: str) -> None:
    assert recovery.classify(Declined(code="card_declined", decline_code=code)) == because
    assert recovery.classify(Declined(code=code)) == because


def test_no_code_is_in_two_classes() -> None:
    codes = [code for code, _ in LISTED]
    assert len(codes) == len(set(codes))


def test_every_code_that_stripe_publishes_is_listed() -> None:
    assert {code for code, _ in LISTED} >= outcomes.DECLINE_CODES


def test_a_code_nobody_knows_is_mailed_and_not_tried_again() -> None:
    because = recovery.classify(Declined(code="card_declined", decline_code="brand_new"))

    assert because == "unlisted"
    assert after("unlisted") is None
    assert not recovery.is_quiet("first", is_tried_at_once=False, because="unlisted")


@pytest.mark.parametrize(
    ("code", "advice", "because"),
    [
        ("insufficient_funds", "do_not_try_again", "never"),
        ("generic_decline", "confirm_card_data", "unusable"),
        ("lost_card", "try_again_later", "funds"),
        ("do_not_honor", "try_again_later", "unexplained"),
        ("processing_error", "try_again_later", "transient"),
        ("insufficient_funds", "something_new", "funds"),
        ("amount_too_small", "try_again_later", "impossible"),
    ],
)
def test_the_networks_advice_wins(code: str, advice: str, because: str) -> None:
    decline = Declined(code="card_declined", decline_code=code, advice_code=advice)

    assert recovery.classify(decline) == because


def test_the_need_for_the_person_is_a_fact_no_advice_changes() -> None:
    decline = Declined(
        code="authentication_required", advice_code="do_not_try_again", needs_authentication=True
    )

    assert recovery.classify(decline) == "person"


@pytest.mark.parametrize(
    ("because", "declined_on", "next_on"),
    [
        ("funds", 0, 1),
        ("funds", 1, 3),
        ("funds", 3, 6),
        ("funds", 6, None),
        ("unexplained", 0, 3),
        ("unexplained", 3, None),
        ("person", 0, None),
        ("unusable", 0, None),
        ("never", 0, None),
        ("impossible", 0, None),
    ],
)
def test_days_of_our_own_tries(
    because: DeclineClass, declined_on: int, next_on: int | None
) -> None:
    expected = None if next_on is None else timedelta(days=next_on)

    assert after(because, days=declined_on) == expected


def test_a_passing_fault_is_tried_again_within_the_day() -> None:
    assert [after("transient", automatic=n) for n in (1, 2, 3)] == [
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=6),
    ]


@given(
    because=st.sampled_from(CLASSES),
    days=st.floats(min_value=0, max_value=21),
    automatic=st.integers(min_value=1, max_value=6),
    window=st.integers(min_value=3, max_value=21),
)
def test_no_try_is_a_fifth_or_comes_after_the_end(
    because: DeclineClass, days: float, automatic: int, window: int
) -> None:
    at = after(because, days=min(days, window), automatic=automatic, window=window)

    if at is not None:
        assert automatic < 4
        assert timedelta(days=min(days, window)) < at < timedelta(days=window)


@pytest.mark.parametrize(
    ("window", "expected"),
    [(7, [2, 4, 6]), (3, [2]), (5, [2, 4]), (10, [2, 4, 6, 9]), (21, [2, 4, 6, 20])],
)
def test_reminders_come_on_days_2_4_6_and_on_the_last(window: int, expected: list[int]) -> None:
    ends = BEGAN + timedelta(days=window)
    days, at = [], BEGAN
    while (following := recovery.next_reminder(BEGAN, ends, "UTC", after=at)) is not None:
        days.append((following - BEGAN).days)
        at = following

    assert days == expected
    assert recovery.is_last_day(at, ends, "UTC")


ZONES = ("America/Denver", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC")


@given(
    zone=st.sampled_from(ZONES),
    # Both changes of the clocks of the year are in it.
    began=st.datetimes(
        min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2026, 12, 31),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    days=st.integers(min_value=1, max_value=21),
)
def test_days_of_a_recovery_are_days_of_the_platforms_clocks(
    zone: str, began: datetime, days: int
) -> None:
    ends = recovery.window_end("funds", began, days, zone)
    here = ZoneInfo(zone)
    local, there = began.astimezone(here), ends.astimezone(here)

    assert (there.date() - local.date()).days == days
    is_left_out = there.replace(tzinfo=None) != local.replace(tzinfo=None) + timedelta(days=days)
    if is_left_out:
        # The clocks were put on past that time: the same span after midnight, put on as well.
        assert (
            timedelta(0)
            < there.replace(tzinfo=None) - (local.replace(tzinfo=None) + timedelta(days=days))
            <= timedelta(hours=1)
        )
    assert abs((ends - began) - timedelta(days=days)) <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("began", "hours"),
    [
        pytest.param("2026-03-05T12:00:00-07:00", 167, id="clocks put on"),
        pytest.param("2026-10-29T12:00:00-06:00", 169, id="clocks put back"),
        pytest.param("2026-06-01T12:00:00-06:00", 168, id="no change"),
    ],
)
def test_a_week_across_a_change_of_the_clocks_ends_at_the_same_time_of_day(
    began: str, hours: int
) -> None:
    start, zone = datetime.fromisoformat(began), "America/Denver"
    ends = recovery.window_end("funds", start, 7, zone)

    reminders, at = [], start
    while (at_next := recovery.next_reminder(start, ends, zone, after=at)) is not None:
        reminders.append(at_next.astimezone(ZoneInfo(zone)))
        at = at_next

    assert ends - start == timedelta(hours=hours)
    assert {each.hour for each in reminders} == {12}
    assert [each.day - start.day for each in reminders if each.month == start.month][:1] == [2]
    assert recovery.is_last_day(recovery.days_later(ends, -1, zone), ends, zone)
    assert not recovery.is_last_day(
        recovery.days_later(ends, -1, zone) - timedelta(seconds=1), ends, zone
    )
