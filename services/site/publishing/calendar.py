"""Days to instants, in the platform's zone. Source: decisions, "Calendar and closing"."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_named(name: str) -> ZoneInfo:
    """Return the zone. Raises `ValueError` for a name the zone database does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ValueError("is not a time zone such as America/Denver") from exc


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of `day` in `zone`, in UTC.

    Where clocks jump forward at midnight there is no 00:00, and the day begins at the
    jump; where they fall back over midnight, 00:00 comes twice and the first one counts.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    at = midnight.astimezone(UTC)
    local = at.astimezone(zone)
    if local.date() == day and local.time() == midnight.time():
        return at
    # In a gap, fold=0 reads the clock as it was before the jump, so `at` lies after it.
    return _start_after_gap(day, zone)


def deadline_of(last_day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant that is too late, when `last_day` still counts whole."""
    return first_instant(last_day + timedelta(days=1), zone)


def _start_after_gap(day: date, zone: ZoneInfo) -> datetime:
    """Return the first minute of `day`: where the zone skips midnight, or the whole day."""
    before = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    low, high = before, before + timedelta(days=3)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).date() >= day:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)
