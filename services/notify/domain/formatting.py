"""Money, dates and rates, as people of each language write them."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_timezone_name
from babel.numbers import format_currency
from babel.units import format_unit

from services.notify.domain.language import LOCALES, Language

NO_BREAK = "\u00a0"

# In the year it is written in, and in another.
DAYS: dict[Language, tuple[str, str]] = {
    "en": ("MMMM d", "MMMM d, y"),
    "es": ("d 'de' MMMM", "d 'de' MMMM 'de' y"),
}
WEEKDAYS: dict[Language, tuple[str, str]] = {
    "en": ("EEEE, MMMM d", "EEEE, MMMM d, y"),
    "es": ("EEEE d 'de' MMMM", "EEEE d 'de' MMMM 'de' y"),
}

# CLDR's Spanish names are long and some say something else; these are what people there say.
ZONES_ES = {
    "Mountain Time": "hora de la Montaña",
    "Pacific Time": "hora del Pacífico",
    "Central Time": "hora del Centro",
    "Eastern Time": "hora del Este",
    "Alaska Time": "hora de Alaska",
    "Hawaii-Aleutian Time": "hora de Hawái",
}


def money(cents: int, currency: str, language: Language) -> str:
    """Return an exact amount, always with its cents: $59.44."""
    return format_currency(Decimal(cents) / 100, currency.upper(), locale=LOCALES[language])


def goal(cents: int, language: Language) -> str:
    """Return a goal, without cents where it has none: $25,000."""
    if cents % 100:
        return money(cents, "usd", language)
    return format_currency(
        cents // 100, "USD", "¤#,##0", locale=LOCALES[language], currency_digits=False
    )


def percent(value: int | Decimal, language: Language) -> str:
    """Return a percentage; Spanish puts a space that never breaks before the sign."""
    return f"{value}{NO_BREAK if language == 'es' else ''}%"


def rate(text: str, language: Language) -> str:
    """Return a rate such as "0.07875" as a percentage without trailing zeros."""
    value = (Decimal(text) * 100).normalize()
    return percent(value if value % 1 else int(value), language)


def day(at: datetime, zone: str, language: Language, *, seen: datetime) -> str:
    """Return “December 13”, with the year when it is not the year it is written in."""
    return _written(at, zone, language, _pattern(DAYS, at, zone, language, seen))


def moment(at: datetime, zone: str, language: Language, *, seen: datetime) -> str:
    """Return “Sunday, December 13, 11:59 pm Mountain Time”: never without its zone."""
    date = _written(at, zone, language, _pattern(WEEKDAYS, at, zone, language, seen))
    local = at.astimezone(ZoneInfo(zone))
    clock = f"{local.hour % 12 or 12}:{local.minute:02d}{NO_BREAK}"
    half = "a" if local.hour < 12 else "p"
    if language == "es":
        article = "a la" if local.hour % 12 == 1 else "a las"
        return f"{date} {article} {clock}{half}.{NO_BREAK}m., {zone_name(zone, language)}"
    return f"{date}, {clock}{half}m {zone_name(zone, language)}"


def zone_name(zone: str, language: Language) -> str:
    """Return the zone by the name people use for it, summer and winter alike."""
    if zone in ("UTC", "Etc/UTC"):
        return "UTC"
    english = get_timezone_name(ZoneInfo(zone), locale="en_US")
    if language == "en":
        return english
    return ZONES_ES.get(english) or get_timezone_name(ZoneInfo(zone), locale=LOCALES[language])


def span(left: timedelta, language: Language) -> str:
    """Return how long it is until then: whole days, or the hours of the last two; never more.

    >>> from datetime import timedelta
    >>> span(timedelta(days=11, hours=23), "en"), span(timedelta(hours=1.9), "es")
    ('11 days', '1 hora')
    """
    hours = int(left / timedelta(hours=1))
    count, unit = (hours, "duration-hour") if hours < 48 else (hours // 24, "duration-day")
    return format_unit(count, unit, length="long", locale=LOCALES[language])


def last_minute(deadline: datetime) -> datetime:
    """Return the last whole minute that counts.

    A deadline is the first instant that is too late, and midnight misleads: people read
    “Monday, 12:00 am” as the end of Monday.
    """
    return deadline - timedelta(minutes=1)


def _pattern(
    patterns: dict[Language, tuple[str, str]],
    at: datetime,
    zone: str,
    language: Language,
    seen: datetime,
) -> str:
    tz = ZoneInfo(zone)
    same_year, other_year = patterns[language]
    return same_year if at.astimezone(tz).year == seen.astimezone(tz).year else other_year


def _written(at: datetime, zone: str, language: Language, pattern: str) -> str:
    return format_datetime(at, pattern, tzinfo=ZoneInfo(zone), locale=LOCALES[language])
