"""A campaign's texts: what was public, what is being worked on, and which of two is newer. Pure."""

import hashlib
from datetime import date, datetime
from typing import Literal

import msgspec

from contracts.ids import CampaignSlug
from contracts.refusals import InputRefused, StateRefused
from services.site.publishing import emitting
from services.site.publishing.plain import Fields

Origin = Literal["dashboard", "folder", "restored", "archived"]
SOURCE_BYTES_MAX = 256 * 1024
MESSAGE_MAX = 200
FOLDER = "folder"
"""Who wrote what was found in the folder."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text that was public, or is: the newest of its campaign."""

    text_id: int
    slug: CampaignSlug
    version: int
    file: str
    source: str
    sha256: str
    author: str
    origin: Origin
    message: str
    published_at: datetime
    mirrored_at: datetime | None = None
    commit_id: str | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's working copy. `base_text` 0 began with nothing; closed, it was published."""

    slug: CampaignSlug
    source: str
    revision: int
    base_text: int
    is_open: bool
    saved_by: str
    saved_at: datetime
    archived_at: datetime | None = None


class Mark(msgspec.Struct, frozen=True):
    """What a form was made of: the working copy's revision and the public text below it."""

    revision: int
    base_text: int


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """A text that lost to another one and waits for somebody to look at it."""

    set_aside_id: int
    slug: CampaignSlug
    file: str
    source: str
    origin: Literal["folder", "draft"]
    author: str
    set_aside_at: datetime


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as its editors find it: what is public, and what is worked on."""

    slug: CampaignSlug
    public: Text | None = None
    draft: Draft | None = None

    @property
    def is_changed(self) -> bool:
        """Tell whether the working copy says something that is not public."""
        draft, public = self.draft, self.public
        if draft is None or not draft.is_open:
            return False
        return public is None or draft.source != public.source

    @property
    def is_overtaken(self) -> bool:
        """Tell whether another text became public since the working copy was begun."""
        return (
            self.is_changed
            and self.draft is not None
            and self.public is not None
            and self.draft.base_text != self.public.text_id
        )

    @property
    def source(self) -> str:
        """Return what an editor shows."""
        if self.is_changed and self.draft is not None:
            return self.draft.source
        return self.public.source if self.public else ""

    @property
    def mark(self) -> Mark:
        """Return what a form made now carries."""
        revision = self.draft.revision if self.draft else 0
        if self.is_changed and self.draft is not None:
            return Mark(revision, self.draft.base_text)
        return Mark(revision, self.public.text_id if self.public else 0)

    def is_published_of(self, mark: Mark) -> bool:
        """Tell whether what is public is, word for word, the text that a form was made of.

        Publishing a working copy counts one revision on and changes nothing in it; taking
        a text back, archiving and giving up do.
        """
        draft, public = self.draft, self.public
        if draft is None or public is None or draft.is_open or public.origin != "dashboard":
            return False
        return draft.base_text == public.text_id and draft.revision == mark.revision + 1

    @property
    def file(self) -> str:
        """Return the file's name in the folder."""
        return self.public.file if self.public else f"{self.slug}.md"


class Overtaken(StateRefused):
    """Somebody else was faster: both texts are shown, and neither is lost."""

    def __init__(self, reason: str, *, theirs: str, mine: str, mark: Mark) -> None:
        super().__init__(reason, "Somebody else has saved this campaign since you opened it.")
        self.theirs = theirs
        self.mine = mine
        self.mark = mark


def digest(source: str) -> str:
    """Return the name of a text, byte for byte."""
    return hashlib.sha256(source.encode()).hexdigest()


def require_room(source: str) -> None:
    """Refuse a text that no file may be as long as."""
    if len(source.encode()) > SOURCE_BYTES_MAX:
        raise InputRefused("too_long", "A campaign has room for 256 KiB of text.")


def new_source(slug: CampaignSlug, title: str, *, starts: date, ends: date) -> str:
    """Return the text a campaign begins with: hidden, and with a goal still to be set."""
    fields: Fields = {
        "layout": "campaign",
        "title": title,
        "slug": slug,
        "published": "false",
        "start_date": starts.isoformat(),
        "goal_deadline": ends.isoformat(),
        "goal_amount": "0",
    }
    return f"---\n{''.join(emitting.record(fields, 0))}---\n"
