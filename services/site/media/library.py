"""The media library: what a file is to a campaign, and what may be asked of it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import msgspec

from contracts.refusals import InputRefused
from services.site.media.kinds import MIB, Family
from services.site.media.naming import LABEL_MAX, uses, written

State = Literal["processing", "ready", "failed"]
FAMILIES: tuple[Family, ...] = get_args(Family)

PLATFORM = "platform"
"""Stands for a slug where media are the platform's own."""

PAGE_SIZE = 24
ALT_MAX = 500
UPLOADS_PER_MINUTE = 20
BYTES_PER_HOUR = 200 * MIB
ATTEMPTS_MAX = 3
LEASE = timedelta(seconds=60)
UNUSED_KEPT = timedelta(days=30)
REMOVED_KEPT = timedelta(days=7)
"""How long a file stays that no page names, and one that was removed: versions can come back."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is kept. Sizes in pixels and bytes; `widths` are those that are there."""

    name: str
    family: Family
    media_type: str
    bytes: int
    width: int | None = None
    height: int | None = None
    state: State = "ready"
    widths: tuple[int, ...] = ()
    attempts: int = 0
    trouble: str = ""


class Item(File, frozen=True, kw_only=True):
    """A file of one campaign."""

    item_id: str
    campaign: str
    label: str
    alt: str
    uploaded_by: str
    uploaded_at: datetime
    unused_since: datetime | None = None

    @property
    def path(self) -> str:
        """Return what campaign files write to show it."""
        return written(self.name)


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody looks for; what is empty matches everything."""

    family: str = ""
    words: str = ""


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A place that names a file: a campaign's slug, or `platform`, and the field there."""

    campaign: str
    field: str
    is_draft: bool = False


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What may name files: a campaign's newest version, a draft of one, or the platform's."""

    campaign: str
    document: Any
    is_draft: bool = False


def used_in(documents: Iterable[Document]) -> dict[str, list[Use]]:
    """Return by file name where it is named."""
    found: dict[str, list[Use]] = {}
    for each in documents:
        for name, fields in uses(each.document).items():
            found.setdefault(name, []).extend(
                Use(campaign=each.campaign, field=field, is_draft=each.is_draft) for field in fields
            )
    return found


def read_search(given: Mapping[str, str]) -> Search:
    """Return a search from an address. Raises `InputRefused` naming the field."""
    family, words = given.get("family", "").strip(), given.get("words", "").strip()
    if family not in ("", *FAMILIES):
        raise _wrong("family", "This is no page.")
    if len(words) > LABEL_MAX or "\x00" in words:
        raise _wrong("words", "This is too long.")
    return Search(family=family, words=words)


def read_words(label: str, alt: str) -> tuple[str, str]:
    """Return a file's name and its description as they are kept. Raises `InputRefused`."""
    label, alt = " ".join(label.split()), " ".join(alt.split())
    if not label:
        raise _wrong("label", "Give it a name.")
    if len(label) > LABEL_MAX:
        raise _wrong("label", "This is too long.")
    if len(alt) > ALT_MAX:
        raise _wrong("alt", "This is too long.")
    return label, alt


def _wrong(field: str, message: str) -> InputRefused:
    return InputRefused("invalid_input", message, fields={field: message})
