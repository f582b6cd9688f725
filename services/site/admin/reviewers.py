"""Who is asked to look at a working copy: read from a form, and limited. Pure."""

import re
from datetime import datetime, timedelta

import msgspec

from contracts.ids import canonical_email
from contracts.refusals import InputRefused, TooMany

FIELD = "reviewers"
AT_ONCE = 10
MAILS_PER_HOUR = 30
HOUR = timedelta(hours=1)
BETWEEN = re.compile(r"[\s,;]+")

NO_ADDRESS = "Write email addresses, one on each line or with commas between them."
TOO_MANY_AT_ONCE = "At most 10 addresses at a time."
TOO_MANY_MAILS = "At most 30 reviewers an hour are mailed. Try again later."


class Reviewer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has a link now, until when."""

    reviewer_id: int
    address: str
    expires_at: datetime


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Who is mailed a link, in which language. `ask` is of one press: again, it mails nobody."""

    addresses: tuple[str, ...] = ()
    language: str = "en"
    ask: str = ""


def read_addresses(text: str) -> tuple[str, ...]:
    """Return each address once, in order. Raises `InputRefused` naming the field.

    >>> read_addresses("b@film.example, A@film.example\\n\\nb@film.example")
    ('a@film.example', 'b@film.example')
    """
    parts = [part for part in BETWEEN.split(text) if part]
    try:
        found = {canonical_email(part) for part in parts}
    except ValueError as exc:
        raise InputRefused("invalid_input", NO_ADDRESS, fields={FIELD: NO_ADDRESS}) from exc
    if len(found) > AT_ONCE:
        raise InputRefused("invalid_input", TOO_MANY_AT_ONCE, fields={FIELD: TOO_MANY_AT_ONCE})
    return tuple(sorted(found))


def require_room(mailed: int, wanted: int) -> None:
    """Refuse what would be more mails of somebody in an hour than there is room for."""
    if mailed + wanted <= MAILS_PER_HOUR:
        return
    wait = int(HOUR.total_seconds())
    refusal = TooMany("too_many_reviewers", TOO_MANY_MAILS, retry_after_seconds=wait)
    refusal.fields[FIELD] = TOO_MANY_MAILS
    raise refusal
