"""Reading one campaign file: the front matter and what its fields must agree on.

Source: product rules 1.1.
"""

from datetime import UTC, date, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from contracts.campaign import (
    AddOn,
    CampaignDefinition,
    Decision,
    StretchGoal,
    SupportItem,
    Tier,
)
from contracts.money import Cents
from services.site.media.library import PLATFORM
from services.site.publishing import calendar, campaign_fields, diary_fields, markdown
from services.site.publishing.block_fields import BODY_LENGTH_MAX, story
from services.site.publishing.blocks import AnyBlock, TextBlock
from services.site.publishing.model import (
    AddOnText,
    CampaignDocument,
    DecisionText,
    DiaryEntry,
    Mistake,
    PlatformDocument,
    Preview,
    ProductionPhase,
    Shopping,
    StretchText,
    TierText,
)
from services.site.publishing.plain import FENCE
from services.site.publishing.reading import Reader, Record, Sheet, Value, parse, record, several
from services.site.publishing.scalars import (
    asset,
    campaign_slug,
    choice,
    day,
    dollars,
    email,
    flag,
    instant,
    required_text,
    rich_text,
    slug,
    text,
    token,
    url,
)

SHIPPING_OPTION = choice(("signature_required", "adult_signature_required", "standard"))
VIDEO_SUFFIXES = (".mp4", ".webm", ".mov")
VIDEO_HOSTS = ("youtube.com", "youtube-nocookie.com", "youtu.be", "vimeo.com")
CUSTOM_SUPPORT = "custom-support"
NO_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)


class CampaignFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file without mistakes, and the lines of its fields for what is found out later."""

    file: str
    source: str
    document: CampaignDocument
    lines: dict[str, int]


def read_campaign(
    raw: bytes, *, file: str, platform: PlatformDocument
) -> tuple[CampaignFile | None, list[Mistake]]:
    """Return the campaign, or every mistake in its file. The version is still 0."""
    sheet = Sheet(file, first_line=2)
    try:
        written = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as exc:
        sheet.wrong(raw.count(b"\n", 0, exc.start) - 1, "", "is not UTF-8 text")
        return None, sheet.mistakes
    match = FENCE.match(written)
    if match is None:
        sheet.wrong(-1, "", "has no front matter between two lines of three dashes")
        return None, sheet.mistakes
    value = parse(match[1], sheet)
    if value is None:
        if not sheet.mistakes:
            sheet.wrong(-1, "", "the front matter is empty")
        return None, sheet.mistakes
    body = written[match.end() :]
    try:
        fields = Record(value)
    except ValueError as exc:
        value.wrong(str(exc))
        return None, sheet.mistakes
    document = _document(fields, platform, _body_blocks(body, match.end(), written, sheet))
    fields.close()
    if sheet.mistakes:
        return None, sorted(sheet.mistakes, key=lambda each: each.line)
    lines = {name: line + sheet.first_line for name, line in fields.lines.items()}
    return CampaignFile(file=file, source=written, document=document, lines=lines), []


def _body_blocks(body: str, start: int, written: str, sheet: Sheet) -> tuple[AnyBlock, ...]:
    """Return what stands below the front matter as the last block of the story."""
    source = body.strip()
    if not source:
        return ()
    first = written.count("\n", 0, start) + body[: len(body) - len(body.lstrip())].count("\n")
    if len(source) > BODY_LENGTH_MAX:
        sheet.wrong(first - 1, "body", f"is longer than {BODY_LENGTH_MAX:,} characters")
    for line, message in markdown.problems(source):
        sheet.wrong(first - 1 + line, "body", message)
    return (TextBlock(body=source),)


class Lists(msgspec.Struct, frozen=True, kw_only=True):
    """The collections of a file: each entry's rules beside its words."""

    tiers: tuple[tuple[Tier, TierText], ...]
    items: tuple[tuple[SupportItem, str], ...]
    phases: tuple[ProductionPhase, ...]
    add_ons: tuple[tuple[AddOn, AddOnText], ...]
    goals: tuple[tuple[StretchGoal, StretchText], ...]
    decisions: tuple[tuple[Decision, DecisionText], ...]
    diary: tuple[DiaryEntry, ...]


def _lists(fields: Record, zone: ZoneInfo) -> Lists:
    items = fields.get("support_items", campaign_fields.support_items, ())
    phases = fields.get("phases", campaign_fields.phases, ())
    goals = fields.get("stretch_goals", campaign_fields.stretch_goals, ())
    return Lists(
        tiers=fields.get("tiers", campaign_fields.tiers, ()),
        # What pays for a phase can be pledged to like any other part of the budget.
        items=(*items, *(item for _, registry in phases for item in registry)),
        phases=tuple(_phase(name, registry) for name, registry in phases),
        add_ons=fields.get("campaign_add_ons", campaign_fields.add_ons, ()),
        goals=tuple(sorted(goals, key=lambda pair: pair[0].threshold_cents)),
        decisions=fields.get("decisions", campaign_fields.decisions(zone), ()),
        diary=fields.get("diary", diary_fields.diary(zone), ()),
    )


def _document(
    fields: Record, platform: PlatformDocument, below: tuple[AnyBlock, ...]
) -> CampaignDocument:
    fields.get("layout", choice(("campaign",)), "campaign")
    # The state follows from the dates; what an older file says about it is only read.
    fields.get("state", choice(("upcoming", "live", "post", "pre")), None)
    lists = _lists(fields, calendar.zone_named(platform.definition.timezone))
    definition = _definition(fields, platform, lists)
    featured = fields.get("featured_tier_id", slug, "")
    _require_agreement(fields, definition, featured, [entry.entry_id for entry in lists.diary])
    return CampaignDocument(
        definition=definition,
        is_published=fields.get("published", flag, True),
        is_listed=_is_listed(fields),
        blurb=fields.get("short_blurb", rich_text(2_000), ""),
        story=(*fields.get("long_content", story, ()), *below),
        creator_image=fields.get("creator_image", asset, ""),
        hero_image=fields.get("hero_image", asset, ""),
        hero_image_wide=fields.get("hero_image_wide", asset, ""),
        hero_video=fields.get("hero_video", Reader(_video, ""), ""),
        progress_background=fields.get("progress_background", asset, ""),
        campaign_background=fields.get("campaign_background", asset, ""),
        featured_tier_id=featured,
        tiers={tier.tier_id: words for tier, words in lists.tiers},
        support_needs={item.item_id: need for item, need in lists.items if need},
        add_ons={add_on.product_id: words for add_on, words in lists.add_ons},
        stretch_goals=tuple(words for _, words in lists.goals),
        decisions={decision.decision_id: words for decision, words in lists.decisions},
        phases=lists.phases,
        show_ongoing=fields.get("show_ongoing", flag, False),
        ongoing_items=fields.get("ongoing_items", campaign_fields.ongoing_items, ()),
        diary=diary_fields.with_ids(lists.diary),
        shopping=fields.get("shopping", record(_shopping, Shopping()), Shopping()),
        preview=_preview(fields, platform),
        legacy_pledged_cents=fields.get("pledged_amount", dollars, Cents(0)),
        runner_report_emails=fields.get("runner_report_emails", several(email), ()),
        runner_report_excluded_emails=fields.get(
            "runner_report_excluded_emails", several(email), ()
        ),
    )


def _definition(fields: Record, platform: PlatformDocument, lists: Lists) -> CampaignDefinition:
    rules = platform.definition
    zone = calendar.zone_named(rules.timezone)
    start, last_day = fields.take("start_date", day), fields.take("goal_deadline", day)
    if start and last_day and last_day < start:
        fields.wrong("goal_deadline", "lies before start_date")
    options = fields.get("shipping_options", several(SHIPPING_OPTION), ())
    return CampaignDefinition(
        slug=fields.take("slug", campaign_slug),
        version=0,
        title=fields.take("title", required_text(160)),
        starts_at=calendar.first_instant(start, zone) if start else NO_INSTANT,
        deadline_at=calendar.deadline_of(last_day, zone) if last_day else NO_INSTANT,
        timezone=rules.timezone,
        goal_cents=fields.take("goal_amount", dollars),
        creator_name=fields.get("creator_name", text(160), "")
        or rules.company_name
        or rules.platform_name,
        instagram_url=fields.get("instagram", url, ""),
        category=fields.get("category", text(60), "") or "Other",
        languages=rules.languages,
        is_charged=fields.get("charged", flag, False),
        is_test_only=fields.get("test_only", flag, False),
        single_tier_only=fields.get("single_tier_only", flag, False),
        custom_late_support=fields.get("custom_late_support", flag, False),
        stretch_hidden=fields.get("stretch_hidden", flag, True),
        free_shipping=fields.get("free_shipping", flag, None),
        shipping_fallback_cents=fields.get("shipping_fallback_flat_rate", dollars, None),
        shipping_options=tuple(option for option in options if option != "standard"),
        tiers=tuple(tier for tier, _ in lists.tiers),
        support_items=tuple(item for item, _ in lists.items),
        add_ons=tuple(add_on for add_on, _ in lists.add_ons),
        stretch_goals=tuple(goal for goal, _ in lists.goals),
        decisions=tuple(decision for decision, _ in lists.decisions),
    )


def _require_agreement(
    fields: Record, definition: CampaignDefinition, featured: str, diary_ids: list[str]
) -> None:
    """Note what single fields cannot know: ids used twice, names that lead nowhere."""
    tier_ids = [tier.tier_id for tier in definition.tiers]
    _require_unique(fields, "support_items", [item.item_id for item in definition.support_items])
    _require_unique(fields, "diary", [each for each in diary_ids if each])
    thresholds = [str(goal.threshold_cents) for goal in definition.stretch_goals]
    if len(set(thresholds)) < len(thresholds):
        fields.wrong("stretch_goals", "has two goals at the same threshold")
    if featured and featured not in tier_ids:
        fields.wrong("featured_tier_id", f"names no tier (“{featured}”)")
    if definition.slug == PLATFORM:
        fields.wrong("slug", "“platform” is the platform itself and cannot name a campaign")
    if definition.slug == "addon":
        fields.wrong("slug", "“addon” begins the ids of add-ons and cannot name a campaign")
    if any(tier_id.startswith(CUSTOM_SUPPORT) for tier_id in tier_ids):
        fields.wrong("tiers", f"no tier's id may begin with “{CUSTOM_SUPPORT}”")


def _require_unique(fields: Record, name: str, ids: list[str]) -> None:
    seen: set[str] = set()
    for each in ids:
        if each and each in seen:
            fields.wrong(name, f"uses “{each}” twice")
        seen.add(each)


def _is_listed(fields: Record) -> bool:
    is_public = fields.get("visibility", token, "public") == "public"
    return is_public and not fields.get("preview_only", flag, False)


def _phase(name: str, registry: tuple[tuple[SupportItem, str], ...]) -> ProductionPhase:
    return ProductionPhase(name=name, item_ids=tuple(item.item_id for item, _ in registry))


def _shopping(fields: Record) -> Shopping:
    available: date | None = fields.get("availability_date", day, None)
    return Shopping(is_enabled=fields.get("enabled", flag, False), availability_date=available)


def _preview(fields: Record, platform: PlatformDocument) -> Preview:
    zone = calendar.zone_named(platform.definition.timezone)
    updated = fields.get("preview_updated_at", instant(zone), None)
    return Preview(
        is_enabled=fields.get("preview_enabled", flag, False),
        reviewer_emails=fields.get("preview_reviewer_emails", several(email), ()),
        updated_at=updated[0] if updated else None,
    )


def _video(value: Value) -> str:
    """A film of ours, or its page at YouTube or Vimeo."""
    written = asset.read(value)
    parts = urlsplit(written)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("player.")
    if parts.scheme and host not in VIDEO_HOSTS:
        raise ValueError("is neither a file of ours nor a video at YouTube or Vimeo")
    if not parts.scheme and not written.lower().endswith(VIDEO_SUFFIXES):
        raise ValueError("is not an MP4, WebM or MOV file")
    return written
