"""What the pages are built from: one campaign's definition, content and figures.

Publishing fills `CampaignContent` (texts already rendered and sanitised, pictures already
addressed), the consumers fill the figures. Nothing here is computed for display.
"""

from datetime import datetime
from typing import Literal

import msgspec
from markupsafe import Markup

from contracts.campaign import CampaignDefinition
from contracts.ids import CampaignSlug
from contracts.live import LiveTier

Stage = Literal["upcoming", "live", "closing", "funded", "not_funded", "cancelled"]
BlockKind = Literal["text", "quote", "image", "gallery", "video", "audio", "embed", "divider"]


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that a page can show. An empty `alt` means decoration.

    `widths` are the smaller sizes it can be had in, in pixels.
    """

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None
    caption: str = ""
    widths: tuple[int, ...] = ()

    @property
    def srcset(self) -> str:
        """Return the sizes as the attribute of that name lists them, empty when there is one."""
        if not self.widths or self.width is None:
            return ""
        sizes = [f"{self.url}&w={width} {width}w" for width in self.widths]
        return ", ".join([*sizes, f"{self.url} {self.width}w"])


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One content block. `html` is sanitised; everything else is plain text."""

    kind: BlockKind
    html: Markup = Markup("")
    text: str = ""
    author: str = ""
    layout: Literal["grid", "logos", "carousel"] = "grid"
    pictures: tuple[Picture, ...] = ()
    # Where it is watched; of a player elsewhere also what its frame shows, loaded by a click alone.
    source_url: str = ""
    player_url: str = ""
    media_type: str = ""
    poster_url: str = ""
    provider: str = ""
    title: str = ""
    caption: str = ""
    align: Literal["left", "center", "right"] = "left"
    caption_style: Literal["below", "overlay", "hover"] = "below"


class TierContent(msgspec.Struct, frozen=True, kw_only=True):
    """The words and picture of a tier; its price and stock are in the definition."""

    description: Markup = Markup("")
    picture: Picture | None = None


class AddOnContent(msgspec.Struct, frozen=True, kw_only=True):
    """The words and picture of an add-on; `option_name` is what its variants differ in."""

    description: Markup = Markup("")
    picture: Picture | None = None
    option_name: str = ""


class PhaseContent(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the making, and the support items that pay for it."""

    name: str
    item_ids: tuple[str, ...]


class OngoingContent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that still costs money after the campaign, in cents."""

    label: str
    remaining_cents: int


class DiaryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the production diary."""

    entry_id: str
    title: str
    at: datetime
    has_time: bool = False
    phase: str = "fundraising"
    blocks: tuple[Block, ...] = ()


class CampaignContent(msgspec.Struct, frozen=True, kw_only=True):
    """The texts and pictures of one published version."""

    blurb: Markup = Markup("")
    blurb_text: str = ""
    square: Picture | None = None
    wide: Picture | None = None
    creator: Picture | None = None
    # Decoration: behind the whole page, and across the bar.
    backdrop: Picture | None = None
    bar_picture: Picture | None = None
    video: Block | None = None
    blocks: tuple[Block, ...] = ()
    featured_tier_id: str = ""
    tiers: dict[str, TierContent] = {}
    support_needs: dict[str, Markup] = {}
    add_ons: dict[str, AddOnContent] = {}
    phases: tuple[PhaseContent, ...] = ()
    stretch_descriptions: tuple[str, ...] = ()
    # By decision: the pictures of its options, in their order, None where there is none.
    option_pictures: dict[str, tuple[Picture | None, ...]] = {}
    diary: tuple[DiaryEntry, ...] = ()
    ongoing: tuple[OngoingContent, ...] = ()


class CampaignState(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as it stands: definition, content, and the newest known figures in cents."""

    definition: CampaignDefinition
    content: CampaignContent = CampaignContent()
    pledged_cents: int = 0
    pledge_count: int = 0
    supporter_count: int = 0
    tier_counts: dict[str, int] = {}
    support_item_cents: dict[str, int] = {}
    stock: dict[str, LiveTier] = {}
    # How many of each limited add-on are left, by its id in a cart.
    add_on_left: dict[str, int] = {}
    is_closed: bool = False
    is_funded: bool = False
    # Whether nothing of a funded campaign is left to be charged.
    is_settled: bool = False
    is_cancelled: bool = False
    collected_cents: int = 0
    recovering_cents: int = 0
    lost_cents: int = 0
    returned_cents: int = 0
    late_support_cents: int = 0
    recovery_ends_at: datetime | None = None

    @property
    def slug(self) -> CampaignSlug:
        """Return the campaign's name in every address."""
        return self.definition.slug

    @property
    def settled_cents(self) -> int:
        """Return how much of what was pledged is charged, being fixed, lost or given back."""
        kept = self.collected_cents + self.recovering_cents
        return kept + self.lost_cents + self.returned_cents

    def stage_at(self, now: datetime) -> Stage:
        """Return how the campaign stands: between deadline and final count it is `closing`."""
        if self.is_cancelled:
            return "cancelled"
        state = self.definition.state_at(now)
        if state != "post":
            return state
        if not self.is_closed:
            return "closing"
        return "funded" if self.is_funded else "not_funded"
