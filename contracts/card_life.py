"""How long a card is good for, and whether that is long enough."""

from datetime import UTC, datetime, timedelta

from contracts.events.checkout import Card

NOTICE_DAYS = (7, 2)
"""How many days before the deadline a card's owner is told that it will not last."""


def needed_until(deadline_at: datetime, recovery_window_days: int) -> datetime:
    """Return the last instant at which a pledge's card may be charged.

    After a decline a charge is tried again for the length of the recovery window.
    """
    return deadline_at + timedelta(days=recovery_window_days)


def good_until(card: Card) -> datetime | None:
    """Return the first instant at which a card has expired: the month after the one on it.

    None when Stripe did not tell. In UTC: banks name no zone, and a warning a few hours
    early harms nobody.
    """
    if not 1 <= card.exp_month <= 12:
        return None
    months = card.exp_year * 12 + card.exp_month
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def expires_before(card: Card, instant: datetime) -> bool:
    """Tell whether a card will have expired at an instant."""
    until = good_until(card)
    return until is not None and until <= instant
