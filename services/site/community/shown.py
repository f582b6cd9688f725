"""View models of the supporters' page."""

from typing import Literal

import msgspec

from services.site.public.language import Language
from services.site.public.state import Picture
from services.site.public.views import Fact, Notice

Locked = Literal["no_link", "bad_link", "no_access", "away"]


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be voted for."""

    label: str
    picture: Picture | None
    is_chosen: bool


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """How many chose an option: `width` is a length for a drawing, such as `52%`."""

    label: str
    percent: str
    votes: int
    width: str
    is_first: bool
    is_chosen: bool


class DecisionCard(msgspec.Struct, frozen=True, kw_only=True):
    """A decision: its options while it is open, its bars once one has voted or it is closed."""

    decision_id: str
    title: str
    tag: Fact
    when: str
    words: str
    is_open: bool
    may_vote: bool
    has_voted: bool
    has_pictures: bool
    options: tuple[Option, ...]
    bars: tuple[Bar, ...]
    outcome: str


class CommunityPage(msgspec.Struct, frozen=True, kw_only=True):
    """The page of one campaign's supporters; `locked` tells why there is nothing to see."""

    language: Language
    slug: str
    title: str
    url: str
    token: str = ""
    locked: Locked | None = None
    notice: Notice | None = None
    decisions: tuple[DecisionCard, ...] = ()
    supporters: str = ""
    credited_as: str = ""
    is_on_wall: bool = False
    wall: tuple[str, ...] = ()
