"""Readers of single values: text, money, numbers, dates, addresses, choices.

Limits are the product's (rules 1.1, 1.2, 1.4). Each refusal is a sentence for an author.
"""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from contracts.ids import CampaignSlug, canonical_email, is_slug
from contracts.money import Cents, dollars_to_cents
from services.site.publishing import markdown
from services.site.publishing.reading import Reader, Value

C = TypeVar("C", bound=str)

NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
WHOLE = re.compile(r"\d{1,9}")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ]+(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?) ?(Z|z|[+-]\d{2}:?\d{2})?"
)
PATH = re.compile(r"/?[A-Za-z0-9][A-Za-z0-9._~@+()-]*(?:/[A-Za-z0-9][A-Za-z0-9._~@+()-]*)*")
URL_LENGTH_MAX = 2_048
TOKEN = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
YEARS = range(2000, 2101)


def text(length_max: int, *, is_long: bool = False) -> Reader[str]:
    """Return a reader of plain text; only a long one may have several lines."""

    def read(value: Value) -> str:
        written = unicodedata.normalize("NFC", value.scalar()).strip()
        if not is_long:
            written = " ".join(written.split())
        _require_clean(written)
        if len(written) > length_max:
            raise ValueError(f"is longer than {length_max:,} characters ({len(written):,})")
        return written

    return Reader(read, "")


def required_text(length_max: int) -> Reader[str]:
    """Return a reader of text that must not be empty."""
    plain = text(length_max)

    def read(value: Value) -> str:
        written = plain.read(value)
        if not written:
            raise ValueError("is empty")
        return written

    return Reader(read, "")


def rich_text(length_max: int) -> Reader[str]:
    """Return a reader of Markdown; each thing we would not show is a mistake in its line."""
    plain = text(length_max, is_long=True)

    def read(value: Value) -> str:
        written = plain.read(value)
        # In a literal block (“|”) the lines of the text are the lines of the file.
        is_literal = getattr(value.node, "style", None) == "|"
        for line, message in markdown.problems(written):
            value.wrong(message, lines_down=1 + line if is_literal else 0)
        return written

    return Reader(read, "")


def _dollars(value: Value) -> Cents:
    written = value.scalar()
    if not NUMBER.fullmatch(written):
        raise ValueError("is not an amount of dollars such as 25 or 19.99")
    return dollars_to_cents(Decimal(written))


def _whole(value: Value) -> int:
    written = value.scalar()
    if not WHOLE.fullmatch(written):
        raise ValueError("is not a whole number such as 25")
    return int(written)


def _flag(value: Value) -> bool:
    written = value.scalar().lower()
    if written not in ("true", "false"):
        raise ValueError("write true or false")
    return written == "true"


def _slug(value: Value) -> str:
    written = value.scalar()
    if not is_slug(written):
        raise ValueError("is not a name of a–z, 0–9 and single dashes, at most 100 characters")
    return written


def _campaign_slug(value: Value) -> CampaignSlug:
    return CampaignSlug(_slug(value))


def _token(value: Value) -> str:
    written = value.scalar()
    if not TOKEN.fullmatch(written):
        raise ValueError("is not a word of a–z, 0–9, _ and -")
    return written


def _email(value: Value) -> str:
    return canonical_email(value.scalar())


def _day(value: Value) -> date:
    written = value.scalar().strip()
    if not DAY.fullmatch(written):
        raise ValueError("is not a date such as 2026-05-05")
    return _in_range(date.fromisoformat(written))


def _asset(value: Value) -> str:
    """A path of ours (`media/…`) or an http address."""
    written = value.scalar().strip()
    if "://" in written or written.startswith("//"):
        return _web_address(written)
    if not PATH.fullmatch(written) or ".." in written or len(written) > URL_LENGTH_MAX:
        raise ValueError("is neither a path such as media/poster.webp nor an https address")
    return written


def _url(value: Value) -> str:
    return _web_address(value.scalar().strip())


dollars = Reader(_dollars, Cents(0))
whole = Reader(_whole, 0)
flag = Reader(_flag, False)
slug = Reader(_slug, "")
campaign_slug = Reader(_campaign_slug, CampaignSlug(""))
token = Reader(_token, "")
email = Reader(_email, "")
asset = Reader(_asset, "")
url = Reader(_url, "")
day: Reader[date | None] = Reader(_day, None)


def decimal(*, least: str, below: str) -> Reader[str]:
    """Return a reader of decimals kept as text, such as a tax rate."""

    def read(value: Value) -> str:
        written = value.scalar()
        if not NUMBER.fullmatch(written) or not Decimal(least) <= Decimal(written) < Decimal(below):
            raise ValueError(f"is not a number from {least} up to (not including) {below}")
        return format(Decimal(written).normalize(), "f")

    return Reader(read, least)


def whole_between(least: int, most: int) -> Reader[int]:
    """Return a reader of whole numbers within bounds, both included."""

    def read(value: Value) -> int:
        number = _whole(value)
        if not least <= number <= most:
            raise ValueError(f"is not between {least:,} and {most:,}")
        return number

    return Reader(read, least)


def measure(*, may_be_zero: bool = False) -> Reader[str]:
    """Return a reader of ounces and inches, with three decimals."""

    def read(value: Value) -> str:
        written = value.scalar()
        if not NUMBER.fullmatch(written):
            raise ValueError("is not a number such as 2.5")
        number = Decimal(written).quantize(Decimal("0.001"))
        if not 0 <= number < 10_000 or (number == 0 and not may_be_zero):
            raise ValueError("must be more than 0 and less than 10,000")
        return format(number.normalize(), "f")

    return Reader(read, "1")


def choice(options: tuple[C, ...], *, also: dict[str, C] | None = None) -> Reader[C]:
    """Return a reader of one word out of a few; `also` maps older words."""

    def read(value: Value) -> C:
        written = value.scalar().strip()
        if also and written in also:
            return also[written]
        for option in options:
            if written == option:
                return option
        raise ValueError(f"“{written[:60]}” is none of {', '.join(options)}")

    return Reader(read, options[0])


def instant(zone: ZoneInfo) -> Reader[tuple[datetime, bool] | None]:
    """Return a reader of a day or an instant; the flag tells whether a time was given.

    A time without an offset is the platform's own.
    """

    def read(value: Value) -> tuple[datetime, bool] | None:
        written = value.scalar().strip()
        if DAY.fullmatch(written):
            day_only = _in_range(date.fromisoformat(written))
            return datetime(day_only.year, day_only.month, day_only.day, tzinfo=zone), False
        match = INSTANT.fullmatch(written)
        if match is None:
            raise ValueError("is neither a date (2026-05-05) nor a time (2026-05-05T19:30-06:00)")
        at = datetime.fromisoformat(f"{match[1]}T{match[2]}{(match[3] or '').upper()}")
        _in_range(at.date())
        return (at if at.tzinfo else at.replace(tzinfo=zone)), True

    return Reader(read, None)


def _in_range(day_written: date) -> date:
    if day_written.year not in YEARS:
        raise ValueError(f"lies outside the years {YEARS.start}–{YEARS.stop - 1}")
    return day_written


def _web_address(written: str) -> str:
    try:
        parts = urlsplit(written)
        has_port = parts.port is not None
    except ValueError as exc:
        raise ValueError("is not a web address") from exc
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not an http or https address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user name or password")
    host = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?" + (r":\d{1,5}" if has_port else "")
    if not re.fullmatch(host, parts.netloc):
        raise ValueError("has no host that we would contact")
    if len(written) > URL_LENGTH_MAX or re.search(r"[\s\"'<>\\`{}|^;,]", written):
        raise ValueError("contains a blank, a quote or another sign that an address cannot have")
    return written


def _require_clean(written: str) -> None:
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in written):
        raise ValueError("contains control characters")
