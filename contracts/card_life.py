"""How long a card is good for, and whether that is long enough."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.events.checkout import Card

NOTICE_DAYS = (7, 2)
"""How many days before the deadline a card's owner is told that it will not last."""


def needed_until(deadline_at: datetime, recovery_window_days: int) -> datetime:
    """Return the last instant at which a pledge's card may be charged.

    After a decline a charge is tried again for the length of the recovery window.
    """
    return deadline_at + timedelta(days=recovery_window_days)


def is_over(exp_year: int, exp_month: int, instant: datetime, zone: str) -> bool:
    """Tell whether a card's month is over at an instant, in the platform's zone.

    A card is good through the last day of the month on it. One without a month, as Stripe
    may send it, is taken to be good.
    """
    if not 1 <= exp_month <= 12:
        return False
    local = instant.astimezone(ZoneInfo(zone))
    return (local.year, local.month) > (exp_year, exp_month)


def expires_before(card: Card, instant: datetime, zone: str) -> bool:
    """Tell whether a card will have expired at an instant."""
    return is_over(card.exp_year, card.exp_month, instant, zone)
