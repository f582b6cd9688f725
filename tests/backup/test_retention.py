"""Which backups of a series are kept: 7 days, 5 weeks, 12 months. Source: reliability B-12."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.cli import pool
from deploy.recovery import retention
from deploy.recovery.manifest import Manifest
from tests.backup.test_refusals import a_manifest

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


@pytest.fixture
def series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of three backups of one day, and what makes a fourth without a database."""
    for hour in (4, 8, 12):
        (tmp_path / retention.name_of(datetime(2020, 1, 15, hour, tzinfo=UTC))).mkdir()
    (tmp_path / "photos").mkdir()

    def made(source: object, into: Path, *, recipients: Sequence[str] = ()) -> Manifest:
        into.mkdir()
        return a_manifest(into)

    monkeypatch.setattr("deploy.recovery.backup.make", made)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere/pool")
    monkeypatch.setenv("CAMPAIGNS_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("is_pruned", [False, True])
def test_what_nobody_needs_is_named_and_removed_on_request_alone(
    series: Path, tmp_path_factory: pytest.TempPathFactory, *, is_pruned: bool
) -> None:
    unneeded = ["2020-01-15T040000Z", "2020-01-15T080000Z"]
    data = tmp_path_factory.mktemp("data")
    arguments = ["backup", str(series), "--series", "--data", str(data)]

    said = CliRunner().invoke(pool, [*arguments, *(["--prune"] if is_pruned else [])])
    left = {each.name for each in series.iterdir()}

    assert said.exit_code == 0, said.output
    assert all(f"{name}: newer ones stand for" in said.output for name in unneeded)
    assert ("--prune removes them" in said.output, "Removed 2." in said.output) == (
        not is_pruned,
        is_pruned,
    )
    assert left.isdisjoint(unneeded) == is_pruned
    assert {"photos", "2020-01-15T120000Z"} < left


def test_pruning_is_of_a_series(tmp_path: Path) -> None:
    said = CliRunner().invoke(pool, ["backup", str(tmp_path / "one"), "--prune"])

    assert said.exit_code == 2
    assert "--series" in said.output
