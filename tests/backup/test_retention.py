"""Which backups of a series are kept: 7 days, 5 weeks, 12 months. Source: reliability B-12."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from deploy.recovery import retention

NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)
MOMENTS = st.sets(
    st.integers(0, 87_600).map(lambda hours: NOON - timedelta(hours=hours)), max_size=60
)


def test_a_year_of_four_hourly_backups_leaves_each_day_week_and_month_its_newest() -> None:
    every = [NOON - timedelta(hours=4 * number) for number in range(6 * 400)]

    kept = sorted(retention.kept(every), reverse=True)

    days = kept[:7]
    assert [each.date() for each in days] == [(NOON - timedelta(days=n)).date() for n in range(7)]
    # Five weeks and twelve months share their newest with the days, where they can.
    assert len(kept) == 7 + 4 + 11 - 1
    assert kept[-1] == datetime(2025, 7, 31, 20, tzinfo=UTC)


@given(MOMENTS)
def test_the_newest_is_always_kept_and_nothing_is_made_up(moments: set[datetime]) -> None:
    kept = retention.kept(moments)

    assert kept <= moments
    assert not moments or max(moments) in kept
    assert len(kept) <= retention.DAYS + retention.WEEKS + retention.MONTHS


@given(MOMENTS)
def test_pruning_again_removes_nothing_more(moments: set[datetime]) -> None:
    kept = retention.kept(moments)

    assert retention.kept(kept) == kept


def test_a_name_tells_its_moment_and_other_folders_are_left_alone() -> None:
    at = datetime(2026, 11, 30, 4, 5, 6, tzinfo=UTC)

    assert retention.moment_of(retention.name_of(at)) == at
    assert retention.moment_of("photos") is None
    assert retention.moment_of("2026-11-30") is None
