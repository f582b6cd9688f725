"""What the day's report advises whoever runs a campaign. Pure; the words are the templates'."""

from datetime import timedelta
from typing import Literal

from contracts.money import Cents
from services.notify.domain.facts import ReportFacts

Advice = Literal["nobody_yet", "reached", "last_days", "quiet", "nearly", "going"]

LAST = timedelta(days=3)


def advice_for(told: ReportFacts, goal_cents: Cents, left: timedelta) -> Advice:
    """Return the one thing to do next, of what the morning's figures say."""
    if told.pledge_count == 0:
        return "nobody_yet"
    if told.pledged_cents >= goal_cents:
        return "reached"
    if left <= LAST:
        return "last_days"
    if told.new_count == 0:
        return "quiet"
    return "nearly" if told.pledged_cents * 3 >= goal_cents * 2 else "going"
