"""An announcement that is being written: what its form says, and what may be said. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from contracts.refusals import InputRefused

LENGTHS: Mapping[str, int] = {
    "subject": 160,
    "heading": 160,
    "body": 10_000,
    "ctaLabel": 60,
    "ctaUrl": 1_000,
}
"""Characters of each field: as many as notify takes."""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What an announcement says. The body is Markdown."""

    subject: str = ""
    heading: str = ""
    body: str = ""
    cta_label: str = ""
    cta_url: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """Return the words by the names of the form's fields, which are notify's, too."""
        return {
            "subject": self.subject,
            "heading": self.heading,
            "body": self.body,
            "ctaLabel": self.cta_label,
            "ctaUrl": self.cta_url,
        }


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """The working copy of a campaign's announcement; without one yet, revision 0.

    What was sent last is known by the audience it was bound to, and by its broadcast.
    """

    words: Words = Words()
    revision: int = 0
    changed_by: str = ""
    changed_at: datetime | None = None
    audience_hash: str = ""
    broadcast_id: str = ""

    def was_sent_to(self, audience_hash: str) -> bool:
        """Tell whether exactly this was sent already: the button was pressed twice."""
        return bool(self.broadcast_id) and self.audience_hash == audience_hash


def read_words(form: Mapping[str, str]) -> Words:
    """Return what a form says, whatever is missing. Raises `InputRefused` naming what is too long.

    A body keeps its line breaks as one sign each.
    """
    found = {name: form.get(name, "").strip().replace("\r\n", "\n") for name in LENGTHS}
    too_long = {
        name: "This is too long." for name, length in LENGTHS.items() if len(found[name]) > length
    }
    if too_long:
        raise InputRefused("invalid_input", "This is too long.", fields=too_long)
    return Words(
        subject=found["subject"],
        heading=found["heading"],
        body=found["body"],
        cta_label=found["ctaLabel"],
        cta_url=found["ctaUrl"],
    )


def require_said(words: Words) -> None:
    """Refuse an announcement that says nothing yet. Raises `InputRefused` naming the fields."""
    missing = {
        name: "Write something here." for name in ("subject", "body") if not words.fields[name]
    }
    if missing:
        raise InputRefused("invalid_input", "The announcement is not complete.", fields=missing)


def announcement(slug: str, words: Words, language: str) -> dict[str, Any]:
    """Return what notify is asked for: a rehearsal, a test or a live send add their own word."""
    return {
        "campaignSlug": slug,
        **words.fields,
        "format": "markdown",
        "language": language,
    }


def read_revision(text: str) -> int:
    """Return which working copy a form was made from. Raises `InputRefused`."""
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise InputRefused(
            "invalid_input", "This form is broken.", fields={"revision": "This form is broken."}
        )
    return int(text)
