"""A campaign as its author wrote it: the definition others decide by, and the texts.

This is what a version row stores. Texts are sources; `present` makes HTML of them each
time they are loaded, so a stricter sanitiser also cleans what was published before it.
Source: product rules 1.1–1.3.
"""

from datetime import date, datetime
from typing import Literal, get_args

import msgspec

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.ids import CampaignSlug
from contracts.money import Cents
from services.site.publishing.blocks import AnyBlock

Phase = Literal["fundraising", "pre-production", "production", "post-production", "distribution"]
PHASES: tuple[Phase, ...] = get_args(Phase)


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong in a file, and where. `field` is a path such as `tiers[2].price`."""

    file: str
    line: int
    field: str
    message: str


class TierText(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The words and picture of a tier."""

    description: str = ""
    image: str = ""


class AddOnText(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The words and picture of an add-on."""

    description: str = ""
    image: str = ""
    source_url: str = ""
    variant_option_name: str = ""


class StretchText(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The words of a stretch goal; `status` may show or hide one by hand."""

    description: str = ""
    status: str = ""


class DecisionText(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The pictures of a decision's options, in the options' order; empty where none is."""

    option_images: tuple[str, ...] = ()


class ProductionPhase(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the making and the support items that pay for it."""

    name: str
    item_ids: tuple[str, ...]


class OngoingItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that still costs money after the campaign."""

    label: str
    remaining_cents: Cents


class DiaryEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry of the production diary. Without a time it is of the day, not of midnight."""

    entry_id: str
    title: str
    at: datetime
    has_time: bool = False
    phase: Phase = "fundraising"
    blocks: tuple[AnyBlock, ...] = ()


class Shopping(msgspec.Struct, frozen=True, kw_only=True):
    """The product page of the featured physical tier."""

    is_enabled: bool = False
    availability_date: date | None = None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Who may look at it before it is public."""

    is_enabled: bool = False
    reviewer_emails: tuple[str, ...] = ()
    updated_at: datetime | None = None


class CampaignDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything one campaign file says.

    Texts stand beside the parts of `definition` they describe: by tier, item, add-on and
    decision id, and for stretch goals by position. Pictures are paths below the content
    folder (`media/…`) or https addresses.
    """

    definition: CampaignDefinition
    is_published: bool = True
    is_listed: bool = True
    blurb: str = ""
    story: tuple[AnyBlock, ...] = ()
    creator_image: str = ""
    hero_image: str = ""
    hero_image_wide: str = ""
    hero_video: str = ""
    progress_background: str = ""
    campaign_background: str = ""
    featured_tier_id: str = ""
    tiers: dict[str, TierText] = {}
    support_needs: dict[str, str] = {}
    add_ons: dict[str, AddOnText] = {}
    stretch_goals: tuple[StretchText, ...] = ()
    decisions: dict[str, DecisionText] = {}
    phases: tuple[ProductionPhase, ...] = ()
    show_ongoing: bool = False
    ongoing_items: tuple[OngoingItem, ...] = ()
    diary: tuple[DiaryEntry, ...] = ()
    shopping: Shopping = Shopping()
    preview: Preview = Preview()
    legacy_pledged_cents: Cents = Cents(0)
    runner_report_emails: tuple[str, ...] = ()
    runner_report_excluded_emails: tuple[str, ...] = ()

    @property
    def slug(self) -> CampaignSlug:
        """Return the name of the campaign in every address and key."""
        return self.definition.slug


class PlatformDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `platform.yml` says, as far as this release reads it."""

    definition: PlatformDefinition
    branding: dict[str, str] = {}
    add_on_texts: dict[str, AddOnText] = {}
