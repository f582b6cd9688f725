"""The audit log: what was done, how it is searched, and how it leaves as a file. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from contracts.refusals import InputRefused

EXPORT_MAX = 2_000
PAGE_SIZE = 50
WORDS_MAX = 200
ENTRY_MAX = 2**63 - 1
# What a spreadsheet takes for a formula. Source: reliability S-38.
FORMULA = re.compile(r"^[\s\x00]*[=+\-@\t\r\x00＝＋－＠]")


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did. `details` names what was chosen, never a secret."""

    actor: str
    role: str
    action: str
    subject: str = ""
    campaign: str = ""
    details: dict[str, Any] = {}


class Entry(Done, frozen=True, kw_only=True):
    """What was written down."""

    entry_id: int
    at: datetime


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody looks for; what is empty matches everything. Days as YYYY-MM-DD."""

    action: str = ""
    campaign: str = ""
    words: str = ""
    since: str = ""
    until: str = ""


def read_search(given: Mapping[str, str]) -> Search:
    """Return a search from an address. Raises `InputRefused` naming the field."""
    found = {name: given.get(name, "").strip() for name in Search.__struct_fields__}
    for name, text in found.items():
        if len(text) > WORDS_MAX or "\x00" in text:
            raise _wrong(name, "This is too long.")
    for name in ("since", "until"):
        if found[name]:
            _require_day(name, found[name])
    return Search(**found)


def read_before(text: str) -> int:
    """Return the number of the entry that a page begins below."""
    if not text:
        return ENTRY_MAX
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise _wrong("before", "This is no page.")
    return int(text)


def as_csv(entries: Iterable[Entry]) -> bytes:
    """Return entries as a file: RFC 4180, with the mark spreadsheets look for."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(("at", "actor", "role", "action", "subject", "campaign", "details"))
    for each in entries:
        details = msgspec.json.encode(each.details).decode() if each.details else ""
        row = (each.actor, each.role, each.action, each.subject, each.campaign, details)
        writer.writerow((each.at.isoformat(), *map(harmless, row)))
    return ("\ufeff" + written.getvalue()).encode()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet computes.

    >>> harmless("=1+1"), harmless("plain")
    ("'=1+1", 'plain')
    """
    return f"'{text}" if FORMULA.match(text) else text


def _require_day(name: str, text: str) -> None:
    try:
        day = date.fromisoformat(text)
    except ValueError as exc:
        raise _wrong(name, "Write a day as YYYY-MM-DD.") from exc
    if day.isoformat() != text or not 2000 <= day.year <= 2999:
        raise _wrong(name, "Write a day as YYYY-MM-DD.")


def _wrong(field: str, message: str) -> InputRefused:
    return InputRefused("invalid_input", message, fields={field: message})
