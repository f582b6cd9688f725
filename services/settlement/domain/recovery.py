"""The rules of recovery: what a decline means, when to try again, when to remind, when it ends.

Source: decisions.md "Cards that fail", peers.md 5.4. Codes and calendars are in declines.toml.
A day is a day of the platform's calendar: the same time on its clocks, be it 23 or 25 hours.
"""

import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from contracts.recovery import DeclineClass, Recovery
from services.settlement.domain.charging import Declined

AttemptKind = Literal["first", "automatic", "renewed", "card", "person"]
"""Who wanted an attempt: the close; our calendar; new data from the card's bank; a person with
another card; a person at the bank's check."""

AUTOMATIC_MAX = 4
"""Attempts without the person, the first one included."""

PERSON_MAX = 5
"""Declined attempts that a person may make; then it takes our own calendar, or a mail to us."""

REMINDER_DAYS = (2, 4, 6)
PERSON_MINUTES = 15
"""How long we take a person to be at the bank before our own tries may go on."""

_QUIET: tuple[AttemptKind, ...] = ("automatic", "renewed", "person")


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class of declines: when our own tries follow. Days count from the first decline,
    minutes from the latest one."""

    codes: tuple[str, ...]
    on_days: tuple[int, ...] = ()
    after_minutes: tuple[int, ...] = ()
    after_renewal: bool = False


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The data file."""

    classes: dict[DeclineClass, Rule]
    advice: dict[str, DeclineClass]

    @property
    def by_code(self) -> dict[str, DeclineClass]:
        """Return the class of every code that is listed."""
        return {code: name for name, rule in self.classes.items() for code in rule.codes}


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What a charge's declined attempts come to. All times are business time."""

    began_at: datetime
    declined_at: datetime
    ends_at: datetime
    zone: str
    automatic: int


RULES = msgspec.convert(
    tomllib.loads(Path(__file__).with_name("declines.toml").read_text("utf-8")), Rules
)
_BY_CODE = RULES.by_code


def days_later(at: datetime, days: int, zone: str) -> datetime:
    """Return the instant `days` later at the same time on the clocks of `zone`.

    A time that the clocks leave out is the one an hour later; of one that they show twice,
    it is the first.

    >>> days_later(datetime.fromisoformat("2026-10-30T18:00:00+00:00"), 7, "America/Denver")
    datetime.datetime(2026, 11, 6, 19, 0, tzinfo=datetime.timezone.utc)
    """
    local = at.astimezone(ZoneInfo(zone))
    return (local + timedelta(days=days)).replace(fold=0).astimezone(UTC)


def window_end(because: DeclineClass, began_at: datetime, days: int, zone: str) -> datetime:
    """Return when the recovery of a charge ends that is declined for the first time."""
    return began_at if because == "impossible" else days_later(began_at, days, zone)


def classify(decline: Declined) -> DeclineClass:
    """Return what the decline means for us.

    The need for the person is a fact, whatever the network advises; then its advice wins;
    advice to try again leaves a calendar that tries anyway as it is.
    """
    listed = _BY_CODE.get(decline.decline_code or decline.code)
    if decline.needs_authentication:
        return "person"
    advised = RULES.advice.get(decline.advice_code)
    if advised is None or listed == "impossible":
        return listed or "unlisted"
    if decline.advice_code == "try_again_later" and listed and _tries(RULES.classes[listed]):
        return listed
    return advised


def next_attempt(because: DeclineClass, tried: Tried) -> datetime | None:
    """Return when we try again by ourselves, or None when we do not.

    Never at or after the end of the window, and never a fifth time.
    """
    if tried.automatic >= AUTOMATIC_MAX:
        return None
    rule = RULES.classes[because]
    if rule.after_minutes:
        minutes = rule.after_minutes[min(tried.automatic, len(rule.after_minutes)) - 1]
        return _before(tried.ends_at, [tried.declined_at + timedelta(minutes=minutes)])
    days = [days_later(tried.began_at, day, tried.zone) for day in rule.on_days]
    return _before(tried.ends_at, [day for day in days if day > tried.declined_at])


def next_reminder(
    began_at: datetime, ends_at: datetime, zone: str, *, after: datetime
) -> datetime | None:
    """Return the next time a supporter is reminded: on days 2, 4, 6 and on the last day."""
    days = [days_later(began_at, day, zone) for day in REMINDER_DAYS]
    days.append(max(days_later(ends_at, -1, zone), began_at))
    return _before(ends_at, sorted(day for day in days if day > after))


def is_last_day(at: datetime, ends_at: datetime, zone: str) -> bool:
    """Tell whether no more than a day is left."""
    return at >= days_later(ends_at, -1, zone)


def is_quiet(kind: AttemptKind, *, is_tried_at_once: bool, because: DeclineClass) -> bool:
    """Tell whether a decline is told on the page alone.

    What the person sees or the reminders say needs no mail of its own, and what can only
    be lost is told when it is.
    """
    return is_tried_at_once or because == "impossible" or kind in _QUIET


def recovery_of(
    because: DeclineClass, ends_at: datetime, next_attempt_at: datetime | None
) -> Recovery:
    """Return how the recovery stands, as others hear of it."""
    return Recovery(
        ends_at=ends_at,
        because=because,
        next_attempt_at=next_attempt_at,
        needs_authentication=because == "person",
    )


def _tries(rule: Rule) -> bool:
    return bool(rule.on_days or rule.after_minutes)


def _before(ends_at: datetime, times: Sequence[datetime]) -> datetime | None:
    return next((each for each in times if each < ends_at), None)
