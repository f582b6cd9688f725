"""Seven in the morning in any zone, on any day; which report then, and what it adds up to."""

import io
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.campaign import ReportRules
from contracts.ids import CampaignSlug
from contracts.money import Cents
from services.notify.domain.coaching import Advice, advice_for
from services.notify.domain.facts import ReportFacts, ReportType
from services.notify.domain.reporting import (
    DAY,
    FULFILMENT_WITHIN,
    TRYING,
    ZIPPED_ABOVE_BYTES,
    DueReport,
    Reported,
    again_seconds,
    attached,
    day_due,
    due_on,
    figures,
    hour_of,
)

DENVER = "America/Denver"
ZONES = st.sampled_from(
    [
        DENVER,
        *("Europe/Berlin", "Australia/Lord_Howe", "Pacific/Chatham", "Africa/Casablanca"),
        *("America/Sao_Paulo", "Asia/Kathmandu", "America/St_Johns", "Asia/Gaza", "UTC"),
    ]
)
DAYS = st.dates(date(2000, 1, 1), date(2037, 12, 31))
INSTANT = timedelta(microseconds=1)
AT = datetime(2026, 11, 29, 14, 0, tzinfo=UTC)
HEADING = "email,campaign_subtotal,status,created_at,order_id\r\n"


def a_report(
    report_type: ReportType = "pledge", *, attempts: int = 1, **times: datetime
) -> DueReport:
    """Return a report that was decided at seven in Denver."""
    return DueReport(
        report_id="nine-bridges:pledge:2026-11-29",
        campaign=CampaignSlug("nine-bridges"),
        report_type=report_type,
        day=date(2026, 11, 29),
        attempts=attempts,
        decided_at=AT,
        claimed_at=times.get("claimed_at", AT),
        at=AT,
    )


@given(DAYS, ZONES)
def test_a_day_is_due_from_its_seven_oclock_and_not_a_moment_before(day: date, zone: str) -> None:
    at = hour_of(day, zone)

    assert at.astimezone(ZoneInfo(zone)).time() == time(7)
    assert day_due(at, zone, ReportRules()) == day
    assert day_due(at - INSTANT, zone, ReportRules()) is None


@given(DAYS, st.times(), ZONES)
def test_what_is_due_is_today_and_its_hour_has_come(day: date, at: time, zone: str) -> None:
    now = datetime.combine(day, at, UTC)
    local = now.astimezone(ZoneInfo(zone))

    assert day_due(now, zone, ReportRules()) == (local.date() if local.time() >= time(7) else None)


@given(DAYS, st.times(), ZONES, st.integers(0, 20 * 60))
def test_reports_go_out_from_the_minute_that_was_set_until_midnight(
    day: date, at: time, zone: str, minute: int
) -> None:
    rules = ReportRules(minute=minute)
    now = datetime.combine(day, at, UTC)
    local = now.astimezone(ZoneInfo(zone))

    due = day_due(now, zone, rules)

    assert due == (local.date() if now >= hour_of(local.date(), zone, minute) else None)
    assert day_due(now, zone, ReportRules(minute=minute, is_enabled=False)) is None


@pytest.mark.parametrize(
    ("rules", "live", "settled"),
    [
        pytest.param(ReportRules(), ("pledge",), ("fulfillment",), id="both"),
        pytest.param(ReportRules(sends_pledges=False), (), ("fulfillment",), id="no ledger"),
        pytest.param(ReportRules(sends_fulfillment=False), ("pledge",), (), id="no parcels"),
    ],
)
def test_each_report_can_be_left_out(
    rules: ReportRules, live: tuple[ReportType, ...], settled: tuple[ReportType, ...]
) -> None:
    film = Reported(slug=CampaignSlug("f"), starts_at=AT - DAY, ends_at=AT + 5 * DAY)

    due = [
        due_on(AT.date() + days * DAY, DENVER, film, rules=rules, recovery_window_days=7)
        for days in (0, 14)
    ]

    assert due == [live, settled]


@pytest.mark.parametrize(
    ("pledges", "new", "dollars", "left", "advice"),
    [
        pytest.param(0, 0, 0, 20 * DAY, "nobody_yet", id="the first morning"),
        pytest.param(0, 0, 0, DAY, "nobody_yet", id="nobody to the end"),
        pytest.param(9, 0, 600, DAY, "reached", id="reached, and quiet"),
        pytest.param(9, 3, 599, 3 * DAY, "last_days", id="three days left"),
        pytest.param(9, 0, 599, 3 * DAY + INSTANT, "quiet", id="quiet"),
        pytest.param(9, 1, 400, 4 * DAY, "nearly", id="two thirds exactly"),
        pytest.param(9, 1, 399, 4 * DAY, "going", id="any other morning"),
    ],
)
def test_a_morning_brings_one_piece_of_advice(
    pledges: int, new: int, dollars: int, left: timedelta, advice: Advice
) -> None:
    told = ReportFacts(
        report_type="pledge",
        pledge_count=pledges,
        new_count=new,
        pledged_cents=Cents(dollars * 100),
    )

    assert advice_for(told, Cents(60_000), left) == advice


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(date(2026, 3, 8), 23, id="the clock goes forward in the night"),
        pytest.param(date(2026, 11, 1), 25, id="the clock goes back"),
        pytest.param(date(2026, 11, 2), 24, id="any other night"),
    ],
)
def test_between_two_reports_are_the_hours_of_the_night(day: date, hours: int) -> None:
    assert hour_of(day, DENVER) - hour_of(day - DAY, DENVER) == timedelta(hours=hours)


@given(DAYS, ZONES, st.integers(1, 90 * 24), st.integers(3, 21))
def test_the_ledger_comes_daily_to_the_morning_after_and_the_parcels_once_their_time_has_come(
    first: date, zone: str, hours: int, window: int
) -> None:
    starts_at = datetime.combine(first, time(0), UTC)
    ends_at = starts_at + timedelta(hours=hours)
    film = Reported(slug=CampaignSlug("f"), starts_at=starts_at, ends_at=ends_at)
    days = [first + timedelta(days=n) for n in range(-2, hours // 24 + 60)]

    due = {
        day: due_on(day, zone, film, rules=ReportRules(), recovery_window_days=window)
        for day in days
    }

    daily = [day for day in days if due[day] == ("pledge",)]
    mornings = [day for day in days if starts_at <= hour_of(day, zone) < ends_at]
    # One more than the mornings it is live: the last day is told of, too.
    assert daily == [day for day in days if starts_at <= hour_of(day, zone)][: len(mornings) + 1]
    parcels = [hour_of(day, zone) for day in days if due[day] == ("fulfillment",)]
    settled_at = ends_at + timedelta(days=window + 1)
    assert settled_at <= parcels[0] < settled_at + timedelta(hours=26)
    assert all(at < settled_at + FULFILMENT_WITHIN for at in parcels)


def test_figures_are_those_of_the_file_to_the_cent() -> None:
    early, late = "2026-11-28T13:59:59.999Z", "2026-11-28T14:00:00.001Z"
    file = (
        HEADING
        + f"a@x.example,50.10,created,{early},o1\r\n"
        + f"a@x.example,-0.05,modified,{late},o1\r\n"
        + f'"b, c@x.example",25.07,created,{late},o2\r\n'
        + f"d@x.example,70.00,created,{late},o3\r\n"
        + f"d@x.example,-70.00,cancelled,{late},o3\r\n"
    ).encode()

    told = figures(file, a_report(), ReportRules())

    assert (told.pledge_count, told.new_count, told.pledged_cents) == (2, 1, 7_512)
    assert figures(HEADING.encode(), a_report(), ReportRules()).pledged_cents == 0


def test_a_large_file_goes_zipped_with_the_same_rows() -> None:
    small, large = b"a,b\r\n", b"a,b\r\n" * (ZIPPED_ABOVE_BYTES // 5 + 1)

    plain, packed = attached(a_report(), small), attached(a_report(), large)

    name = "nine-bridges-pledge-2026-11-29.csv"
    assert (plain.name, plain.media_type, plain.content) == (name, "text/csv", small)
    assert (packed.name, packed.media_type) == (f"{name}.zip", "application/zip")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as folder:
        assert folder.read(name) == large


@given(st.integers(1, 500), st.integers(0, 30 * 3600))
def test_a_report_is_tried_again_soon_and_never_when_the_next_is_due(
    attempts: int, seconds: int
) -> None:
    claimed_at = AT + timedelta(seconds=seconds)

    delay = again_seconds(a_report(attempts=attempts, claimed_at=claimed_at))

    if delay is None:
        assert claimed_at + timedelta(seconds=900) > AT + TRYING
    else:
        assert 30 <= delay <= 900
        assert claimed_at + timedelta(seconds=delay) <= AT + TRYING
