"""Money, dates, percentages and time left, as people of each language write them."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_timezone_name

from services.site.public.language import Language, catalogue

NO_BREAK = "\u00a0"
LOCALES: dict[Language, str] = {"en": "en_US", "es": "es_US"}

# CLDR's Spanish names are long and some say something else; these are what people there say.
ZONES_ES = {
    "Mountain Time": "hora de la Montaña",
    "Pacific Time": "hora del Pacífico",
    "Central Time": "hora del Centro",
    "Eastern Time": "hora del Este",
    "Alaska Time": "hora de Alaska",
    "Hawaii-Aleutian Time": "hora de Hawái",
}


def money(cents: int, *, always_cents: bool = False) -> str:
    """Return dollars the American way in every language; no cents where there are none.

    >>> money(1_864_000), money(5_944), money(6_000, always_cents=True)
    ('$18,640', '$59.44', '$60.00')
    """
    sign = "−" if cents < 0 else ""
    dollars, rest = divmod(abs(cents), 100)
    tail = f".{rest:02d}" if rest or always_cents else ""
    return f"{sign}${dollars:,}{tail}"


def percent(value: int | str, language: Language) -> str:
    """Return a percentage; Spanish puts a space that never breaks before the sign."""
    return f"{value}{NO_BREAK if language == 'es' else ''}%"


def rate(text: str, language: Language) -> str:
    """Return a rate such as "0.07875" as a percentage without trailing zeros.

    >>> rate("0.07875", "en"), rate("0.10", "en")
    ('7.875%', '10%')
    """
    return percent(f"{(Decimal(text) * 100).normalize():f}", language)


def percent_floored(part: int, whole: int) -> int:
    """Return `part` of `whole` in whole percent, never rounded up.

    99.9 % must not be shown as reached.
    """
    return 0 if whole <= 0 else part * 100 // whole


def day(at: datetime, zone: str, language: Language) -> str:
    """Return “December 13”."""
    return _written(at, zone, language, en="MMMM d", es="d 'de' MMMM")


def weekday(at: datetime, zone: str, language: Language) -> str:
    """Return “Sunday, December 13”."""
    return _written(at, zone, language, en="EEEE, MMMM d", es="EEEE d 'de' MMMM")


def date(at: datetime, zone: str, language: Language) -> str:
    """Return “December 13, 2026”."""
    return _written(at, zone, language, en="MMMM d, y", es="d 'de' MMMM 'de' y")


def time(at: datetime, zone: str, language: Language) -> str:
    """Return “11:59 pm Mountain Time”: a time never stands without its zone."""
    local = at.astimezone(ZoneInfo(zone))
    clock = f"{local.hour % 12 or 12}:{local.minute:02d}"
    is_morning = local.hour < 12
    if language == "es":
        half = "a." if is_morning else "p."
        return f"{clock}{NO_BREAK}{half}{NO_BREAK}m., {zone_name(zone, language)}"
    return f"{clock}{NO_BREAK}{'am' if is_morning else 'pm'} {zone_name(zone, language)}"


def zone_name(zone: str, language: Language) -> str:
    """Return the zone by the name people use for it, summer and winter alike."""
    if zone in ("UTC", "Etc/UTC"):
        return "UTC"
    english = get_timezone_name(ZoneInfo(zone), locale="en_US")
    if language == "en":
        return english
    return ZONES_ES.get(english) or get_timezone_name(ZoneInfo(zone), locale=LOCALES[language])


def last_minute(deadline: datetime) -> datetime:
    """Return the last whole minute that counts.

    A deadline is the first instant that is too late, and midnight misleads: people read
    “Monday, 12:00 am” as the end of Monday.
    """
    return deadline - timedelta(minutes=1)


def time_left(until: datetime, now: datetime, language: Language) -> str:
    """Return “9 days 4 hours”, under a day “4 hours 12 min”, under an hour with seconds."""
    seconds = max(0, int((until - now).total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds % 86_400 // 3_600, seconds % 3_600 // 60
    if days:
        return f"{_days(days, language)} {_hours(hours, language)}"
    if hours:
        return f"{_hours(hours, language)} {minutes}{NO_BREAK}min"
    return f"{minutes}{NO_BREAK}min {seconds % 60}{NO_BREAK}s"


def days_left(until: datetime, now: datetime, language: Language) -> str:
    """Return the short form for cards: “9 days left”, or hours on the last day."""
    seconds = max(0, int((until - now).total_seconds()))
    texts = catalogue(language)
    if seconds >= 86_400:
        count = seconds // 86_400
        return texts.ngettext("%(num)s day left", "%(num)s days left", count) % {"num": count}
    if seconds >= 3_600:
        count = seconds // 3_600
        return texts.ngettext("%(num)s hour left", "%(num)s hours left", count) % {"num": count}
    return texts.gettext("less than an hour left")


def _days(count: int, language: Language) -> str:
    return catalogue(language).ngettext("%(num)s day", "%(num)s days", count) % {"num": count}


def _hours(count: int, language: Language) -> str:
    return catalogue(language).ngettext("%(num)s hour", "%(num)s hours", count) % {"num": count}


def _written(at: datetime, zone: str, language: Language, *, en: str, es: str) -> str:
    pattern = es if language == "es" else en
    return format_datetime(at, pattern, tzinfo=ZoneInfo(zone), locale=LOCALES[language])
