"""The view models: everything a template shows, already in words and ready to print.

Templates decide nothing: which button, which sentence, how wide a bar is was settled by the
pure functions in `pages`, `cards` and `waterline`. Lengths are percentages as strings, because
the strict content security policy allows no style attribute and SVG takes them as they are.
"""

from typing import Literal

import msgspec
from markupsafe import Markup

from services.site.public.language import Language
from services.site.public.reminder import ReminderForm
from services.site.public.state import Block, Picture, Stage

TierState = Literal[
    "available", "sold_out", "locked", "opened", "upcoming", "counting", "late", "ended"
]
Tone = Literal["plain", "good", "lamp", "bad", "pool"]
SegmentKind = Literal["pledged", "collected", "recovering", "lost", "unfunded"]


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the bar: where it starts and how wide it is, in percent of the scale."""

    kind: SegmentKind
    start: str
    width: str
    is_first: bool = False


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A mark on the bar and its label."""

    at: str
    kind: Literal["goal", "stretch", "final"]
    label: str
    amount: str
    is_reached: bool = False
    anchor: Literal["start", "middle", "end"] = "middle"


class Waterline(msgspec.Struct, frozen=True, kw_only=True):
    """The one horizontal bar. `has_crowded_labels` keeps them a list on wide screens too."""

    description: str
    percent_label: str
    rest_label: str
    segments: tuple[Segment, ...]
    ticks: tuple[Tick, ...]
    scale_cents: int
    has_crowded_labels: bool = False


class Countdown(msgspec.Struct, frozen=True, kw_only=True):
    """Time left as words; `until` is the instant for the script, `date` and `time` for people."""

    words: str
    until: str
    date: str
    time: str
    sentence: str


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A short fact with its icon, such as “7 of 100 left”."""

    icon: str
    text: str
    tone: Tone = "plain"
    key: str = ""


class TierCard(msgspec.Struct, frozen=True, kw_only=True):
    """A reward in one of its states."""

    tier_id: str
    item_id: str
    name: str
    price: str
    description: Markup
    state: TierState
    facts: tuple[Fact, ...]
    button: str
    is_enabled: bool
    is_featured: bool
    quantity_max: int
    is_physical: bool
    picture: Picture | None = None


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One size or colour of an add-on."""

    variant_id: str
    label: str
    is_gone: bool
    is_chosen: bool


class AddOnCard(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be had beside a reward."""

    product_id: str
    item_id: str
    name: str
    description: Markup
    price: str
    picture: Picture | None
    option_name: str
    variants: tuple[Variant, ...]
    stock: Fact | None
    is_gone: bool
    is_in_cart: bool
    is_physical: bool = False


class BudgetLine(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the budget: what is pledged towards it, and whether more may be."""

    item_id: str
    key: str
    label: str
    need: Markup
    pledged: str
    target: str
    filled: str
    rest: str
    is_open: bool
    is_full: bool


class BudgetPart(msgspec.Struct, frozen=True, kw_only=True):
    """A phase of the making with its parts; without a name it is the rest of the budget."""

    name: str
    pledged: str
    target: str
    filled: str
    lines: tuple[BudgetLine, ...]


class DiaryItem(msgspec.Struct, frozen=True, kw_only=True):
    """A diary entry."""

    entry_id: str
    title: str
    date: str
    date_iso: str
    blocks: tuple[Block, ...]


class DiaryPhase(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the making and what was written in it. One phase is open at first."""

    key: str
    name: str
    entries: tuple[DiaryItem, ...]
    is_open: bool = False


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as strangers may see it: its question, and until when it is open."""

    title: str
    kind: str
    when: str
    is_open: bool


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """One of the sums after the end."""

    kind: Literal["collected", "recovering", "lost", "returned", "pledged"]
    label: str
    amount: str
    note: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A washed box: bold first sentence, then what to do."""

    tone: Literal["info", "good", "lamp", "bad"]
    icon: str
    title: str
    text: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A label and its value."""

    label: str
    value: str


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A link of the section bar."""

    anchor: str
    label: str


class Makers(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes it, and the plain facts."""

    name: str
    picture: Picture | None
    category: str
    facts: tuple[Row, ...]


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """What brings people in: why pledging is safe, a reminder, and a sentence to share."""

    reasons: tuple[Row, ...]
    reminder: ReminderForm | None
    share_sentence: str


class CampaignPage(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's page in any stage."""

    language: Language
    slug: str
    title: str
    kind: str
    blurb: Markup
    description: str
    stage: Stage
    square: Picture | None
    wide: Picture | None
    backdrop: Picture | None
    bar_picture: Picture | None
    pledged: str
    pledged_by: str
    status: Notice | None
    tag: Fact | None
    closed_line: str
    countdown: Countdown | None
    waterline: Waterline
    sections: tuple[Section, ...]
    blocks: tuple[Block, ...]
    promise: str
    rewards_intro: str
    tiers: tuple[TierCard, ...]
    takes_custom_support: bool
    is_charged_now: bool
    budget: tuple[BudgetPart, ...]
    add_ons: tuple[AddOnCard, ...]
    sums: tuple[Sum, ...]
    sums_line: str
    video: Block | None
    makers: Makers
    invitation: Invitation
    ongoing: tuple[Row, ...]
    diary: tuple[DiaryPhase, ...]
    votes: tuple[Vote, ...]
    goal: str
    live_island: dict[str, object]


class ResultPage(msgspec.Struct, frozen=True, kw_only=True):
    """The page after the card step was left. `resumes` is the cart's form, to be sent again."""

    language: Language
    slug: str
    title: str
    url: str
    is_open: bool
    is_saved: bool
    success_url: str
    resumes: tuple[tuple[str, str], ...] = ()
