"""The bar: floored percentages, honest segments, labels that never overlap."""

import pytest

from contracts.campaign import StretchGoal
from contracts.money import Cents
from services.site.public.waterline import small_waterline, waterline
from tests.site.stages import FUNDED, NOT_FUNDED, campaign, defined


@pytest.mark.parametrize(
    ("pledged", "words"),
    [
        pytest.param(0, "0% of the goal", id="nothing"),
        pytest.param(2_499_999, "99% of the goal", id="a cent short is not reached"),
        pytest.param(2_500_000, "100% of the goal", id="the goal itself"),
        pytest.param(2_980_000, "119% of the goal", id="past the goal"),
    ],
)
def test_the_percentage_is_floored(pledged: int, words: str) -> None:
    line = waterline(campaign(pledged_cents=pledged), "live", "en")

    assert line.percent_label == words


def test_the_scale_is_the_highest_of_goal_stretch_and_pledges() -> None:
    assert waterline(campaign(), "live", "en").scale_cents == 4_000_000
    assert waterline(campaign(pledged_cents=5_000_000), "live", "en").scale_cents == 5_000_000


def test_a_later_stretch_goal_is_a_secret_until_the_one_before_is_reached() -> None:
    first, second = waterline(campaign(), "live", "en").ticks[1:]

    assert (first.label, second.label) == ("Score recorded live", "Still a secret")
    later = waterline(campaign(pledged_cents=3_200_000), "live", "en").ticks[2]
    assert later.label == "A second print"
    shown = waterline(defined(stretch_hidden=False), "live", "en").ticks[2]
    assert shown.label == "A second print"


def test_after_the_end_the_segments_add_up_to_what_was_pledged() -> None:
    line = waterline(FUNDED, "funded", "en")

    assert [segment.kind for segment in line.segments] == ["collected", "recovering", "lost"]
    # 0.375 % of the scale would be a hair: it is drawn four pixels wide.
    assert line.segments[2].width == "4"
    assert float(line.segments[1].start.rstrip("%")) == pytest.approx(67.5)


def test_a_campaign_that_was_not_funded_shows_one_quiet_segment() -> None:
    line = waterline(NOT_FUNDED, "not_funded", "en")

    assert [segment.kind for segment in line.segments] == ["unfunded"]
    assert line.rest_label == ""


def test_what_is_missing_is_said_only_while_it_can_still_come() -> None:
    assert waterline(campaign(), "live", "en").rest_label == "$6,360 to go"
    assert waterline(campaign(), "closing", "en").rest_label == ""


def test_a_card_marks_only_a_goal_that_was_passed() -> None:
    assert small_waterline(campaign(), "live", "en").ticks == ()
    passed = small_waterline(campaign(pledged_cents=3_000_000), "live", "en")
    assert [tick.at for tick in passed.ticks] == ["83.33%"]


def test_labels_that_would_overlap_become_a_list() -> None:
    crowded = defined(
        stretch_goals=(StretchGoal(threshold_cents=Cents(2_600_000), title="A long title " * 3),)
    )

    assert waterline(crowded, "live", "en").has_crowded_labels
    assert not waterline(campaign(), "live", "en").has_crowded_labels
