"""What operators and people send us, and what we answer, as JSON."""

from typing import Annotated, Literal

import msgspec

from contracts.ids import SLUG_LENGTH_MAX
from services.notify.domain.news import Milestone

Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=SLUG_LENGTH_MAX)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=160)]
Hash = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class AnnouncementRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """An announcement to every supporter. Source: workflows, "POST /admin/broadcast/announcement".

    The body is plain text, or Markdown where `format` says so.
    `test_to`: to this address alone, and to nobody else.
    """

    campaign_slug: Slug
    subject: Line
    body: Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]
    heading: Annotated[str, msgspec.Meta(max_length=160)] = ""
    cta_label: Annotated[str, msgspec.Meta(max_length=60)] = ""
    cta_url: Annotated[str, msgspec.Meta(max_length=1_000)] = ""
    format: Literal["text", "markdown"] = "text"
    # Of a test or a preview: supporters get theirs in the language they pledged in.
    language: Literal["en", "es"] = "en"
    dry_run: bool = False
    audience_hash: Hash | None = None
    test_to: Annotated[str, msgspec.Meta(max_length=254)] | None = None


class DiaryRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A diary entry told by hand: one of the campaign's diary, or one with its own excerpt."""

    campaign_slug: Slug
    diary_title: Line
    diary_excerpt: Annotated[str, msgspec.Meta(max_length=1_000)] | None = None
    dry_run: bool = False
    audience_hash: Hash | None = None


class MilestoneRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A milestone told by hand. `stretch_threshold` is in dollars, like a campaign file's."""

    campaign_slug: Slug
    milestone: Milestone
    stretch_threshold: Annotated[int, msgspec.Meta(ge=1, le=10**9)] | None = None
    dry_run: bool = False
    audience_hash: Hash | None = None


class DiaryCheckRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Which campaign's diary to look at; without one, everybody's."""

    campaign_slug: Slug | None = None


class ToldEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A diary entry that supporters are told of now."""

    campaign_slug: str
    diary_title: str
    audience: int
    broadcast_id: str | None


class DiaryChecked(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at the diaries found."""

    success: bool
    sent: tuple[ToldEntry, ...]


class ToldMilestone(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A milestone that was reached: told, or passed over for a greater one."""

    milestone: str
    is_told: bool
    audience: int
    broadcast_id: str | None


class MilestonesChecked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a look at a campaign's totals found."""

    success: bool
    campaign_slug: str
    reached: tuple[ToldMilestone, ...]


class ReminderRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Who wants one mail on the day a campaign opens, and that they saw what they agree to."""

    campaign_slug: Slug
    email: Annotated[str, msgspec.Meta(max_length=320)]
    consent: bool
    preferred_lang: Annotated[str, msgspec.Meta(max_length=10)] = "en"
    consent_version: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    # What the challenge gave a browser that passed it, where there is a challenge.
    turnstile_token: Annotated[str, msgspec.Meta(max_length=2_048)] | None = None


class Reminded(msgspec.Struct, frozen=True, kw_only=True):
    """They are on the list. The same for who was on it before."""

    ok: bool = True
    status: Literal["registered"] = "registered"
