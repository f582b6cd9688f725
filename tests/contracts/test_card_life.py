"""How long a card is good for: through the last day of its month, in the platform's zone."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from contracts import card_life
from tests.contracts.facts import CARD

DENVER = "America/Denver"
# The first instant of September 2031 in Denver.
MIDNIGHT = datetime(2031, 9, 1, 6, tzinfo=UTC)


def test_a_card_is_good_through_the_last_day_of_its_month() -> None:
    assert not card_life.expires_before(CARD, MIDNIGHT - timedelta(microseconds=1), DENVER)
    assert card_life.expires_before(CARD, MIDNIGHT, DENVER)
    assert not card_life.expires_before(CARD, MIDNIGHT, "Pacific/Honolulu")


@pytest.mark.parametrize("month", [0, 13, -1])
def test_a_card_without_a_month_is_taken_to_be_good(month: int) -> None:
    card = msgspec.structs.replace(CARD, exp_month=month, exp_year=0)

    assert not card_life.expires_before(card, MIDNIGHT, DENVER)


def test_december_ends_with_the_year() -> None:
    card = msgspec.structs.replace(CARD, exp_month=12, exp_year=2030)

    assert not card_life.expires_before(card, datetime(2030, 12, 31, 23, tzinfo=UTC), "UTC")
    assert card_life.expires_before(card, datetime(2031, 1, 1, tzinfo=UTC), "UTC")


def test_a_card_is_needed_until_the_recovery_window_ends() -> None:
    assert card_life.needed_until(MIDNIGHT, 7) == MIDNIGHT + timedelta(days=7)
