"""Broadcasts that an operator asks for: rehearsed, tested, or sent, once for what they say."""

from collections.abc import Sequence

from contracts.api.notify import Broadcasted, LetterPreview, SentToOne
from contracts.events.campaigns import DiaryNote
from contracts.ids import SupporterId, canonical_email, supporter_id
from contracts.refusals import InputRefused, StateRefused
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.notify.domain.bodies import (
    AnnouncementRequest,
    DiaryChecked,
    DiaryRequest,
    MilestoneRequest,
    MilestonesChecked,
    ToldEntry,
    ToldMilestone,
)
from services.notify.domain.facts import Facts
from services.notify.domain.language import Language
from services.notify.domain.letters import Letters
from services.notify.domain.mails import Campaign, Mail, NewMail
from services.notify.domain.news import BroadcastKind, News, Reached, content_hash
from services.notify.domain.news_views import is_safe_link, news_subject, paragraphs
from services.notify.handlers.broadcasting import Decided, decide, rehearse, require_campaign
from services.notify.handlers.make_news import diary_news, milestone_news
from services.notify.handlers.write_mail import write
from services.notify.queries import audiences, definitions
from services.notify.queries import news as queries

RECIPIENTS_SHOWN = 5_000
NOBODY = "preview@nobody.invalid"


async def announce(conn: Connection, asked: AnnouncementRequest) -> Broadcasted | SentToOne:
    """Send an announcement to every supporter, or say who would get it, or to one address."""
    news = _announcement(asked)
    campaign = await require_campaign(conn, asked.campaign_slug)
    if asked.test_to is not None:
        return await _test(conn, campaign, news, asked.test_to, asked.language)
    cause = f"{campaign.slug}:{content_hash(news)}"
    return await _broadcast(
        conn,
        "announcement",
        campaign,
        news,
        cause=cause,
        dry_run=asked.dry_run,
        expected=asked.audience_hash,
    )


async def preview(conn: Connection, letters: Letters, asked: AnnouncementRequest) -> LetterPreview:
    """Return the announcement as it would arrive. Nothing is written."""
    news = _announcement(asked)
    campaign = await require_campaign(conn, asked.campaign_slug)
    now = await audiences.platform_now(conn)
    mail = Mail(
        mail_id="preview",
        kind="announcement",
        campaign=campaign.slug,
        address=NOBODY,
        language=asked.language,
        facts=Facts(news=news),
        created_at=now,
        attempts=0,
        edition=1,
        first_attempt_at=now,
        claimed_at=now,
    )
    letter = letters.write(mail, campaign, await definitions.read_platform(conn))
    return LetterPreview(subject=letter.subject, html=letter.html, text=letter.text)


async def tell_diary_entry(conn: Connection, asked: DiaryRequest) -> Broadcasted:
    """Tell supporters of a diary entry that nobody was told of, whatever its day."""
    campaign = await require_campaign(conn, asked.campaign_slug)
    entry = await queries.find_entry(conn, campaign.slug, asked.diary_title)
    if entry is not None:
        news, cause = diary_news(entry), f"{campaign.slug}:{entry.entry_id}"
    elif asked.diary_excerpt is not None:
        title = asked.diary_title
        news = News(subject=title, heading=title, body=asked.diary_excerpt)
        cause = f"{campaign.slug}:title:{content_hash(News(subject=title))}"
    else:
        raise InputRefused(
            "unknown_entry",
            "The campaign's diary has no entry of that title.",
            fields={"diaryTitle": "is no entry of this diary; diaryExcerpt would do without one"},
        )
    told = await _broadcast(
        conn,
        "diary_update",
        campaign,
        news,
        cause=cause,
        dry_run=asked.dry_run,
        expected=asked.audience_hash,
    )
    if entry is not None and not asked.dry_run:
        await queries.mark_told(conn, campaign.slug, entry.entry_id)
    return told


async def tell_milestone(conn: Connection, asked: MilestoneRequest) -> Broadcasted:
    """Tell supporters of a milestone that was reached, with the ledger's figures."""
    campaign = await require_campaign(conn, asked.campaign_slug)
    reached = _milestone(asked, campaign)
    totals = await queries.read_totals(conn, campaign.slug)
    has_goal = campaign.goal_cents > 0
    if not has_goal or totals is None or totals.pledged_cents < _threshold(asked, campaign):
        raise StateRefused("not_reached", "Pledges have not reached this milestone.")
    told = await _broadcast(
        conn,
        "milestone",
        campaign,
        milestone_news(reached, totals),
        cause=f"{campaign.slug}:{reached.name}",
        dry_run=asked.dry_run,
        expected=asked.audience_hash,
    )
    if not asked.dry_run:
        await queries.insert_milestones(conn, campaign.slug, [reached])
    return told


def diary_checked(told: Sequence[tuple[str, DiaryNote, Decided]]) -> DiaryChecked:
    """Return what a look at the diaries found, as it is answered."""
    return DiaryChecked(
        success=True,
        sent=tuple(
            ToldEntry(
                campaign_slug=campaign,
                diary_title=note.title,
                audience=decided.audience_count,
                broadcast_id=decided.broadcast_id,
            )
            for campaign, note, decided in told
        ),
    )


def milestones_checked(
    slug: str, found: Sequence[tuple[Reached, Decided | None]]
) -> MilestonesChecked:
    """Return what a look at a campaign's totals found, as it is answered."""
    return MilestonesChecked(
        success=True,
        campaign_slug=slug,
        reached=tuple(
            ToldMilestone(
                milestone=reached.name,
                is_told=reached.is_told,
                audience=decided.audience_count if decided else 0,
                broadcast_id=decided.broadcast_id if decided else None,
            )
            for reached, decided in found
        ),
    )


async def _broadcast(
    conn: Connection,
    kind: BroadcastKind,
    campaign: Campaign,
    news: News,
    *,
    cause: str,
    dry_run: bool,
    expected: str | None,
) -> Broadcasted:
    if dry_run:
        decided = await rehearse(conn, kind, campaign.slug, news)
    else:
        decided = await decide(conn, kind, campaign.slug, news, cause=cause, expected_hash=expected)
    return _answer(kind, campaign, news, decided, dry_run=dry_run)


def _answer(
    kind: BroadcastKind, campaign: Campaign, news: News, decided: Decided, *, dry_run: bool
) -> Broadcasted:
    return Broadcasted(
        success=True,
        campaign_slug=campaign.slug,
        subject=news_subject(kind, news, campaign.title, "en"),
        dry_run=dry_run,
        sent=0 if dry_run else decided.audience_count,
        failed=0,
        errors=(),
        audience=decided.audience_count,
        audience_hash=decided.audience_hash,
        recipients=decided.recipients[:RECIPIENTS_SHOWN] if dry_run else (),
        broadcast_id=decided.broadcast_id,
        already_sent=not decided.is_new,
        warning="" if decided.is_new else "This was sent before. Nobody is written to again.",
    )


def _announcement(asked: AnnouncementRequest) -> News:
    wrong: dict[str, str] = {}
    if not paragraphs(asked.subject):
        wrong["subject"] = "says nothing"
    if not paragraphs(asked.body):
        wrong["body"] = "says nothing"
    if asked.cta_url and not is_safe_link(asked.cta_url):
        wrong["ctaUrl"] = "must be an https address"
    if bool(asked.cta_url) != bool(asked.cta_label.strip()):
        missing = "ctaLabel" if asked.cta_url else "ctaUrl"
        wrong.setdefault(missing, "is missing: a button needs a label and an address")
    if wrong:
        raise InputRefused("invalid_input", "The announcement is not complete.", fields=wrong)
    return News(
        subject=asked.subject,
        heading=asked.heading or asked.subject,
        body=asked.body,
        cta_label=asked.cta_label,
        cta_url=asked.cta_url,
        is_markdown=asked.format == "markdown",
    )


async def _test(
    conn: Connection, campaign: Campaign, news: News, address: str, language: Language
) -> SentToOne:
    """Send the announcement to one address, as supporters would get it but for their links."""
    try:
        whose: SupporterId = supporter_id(canonical_email(address))
    except ValueError as exc:
        raise InputRefused(
            "invalid_email",
            "That is no e-mail address.",
            fields={"testTo": "is no e-mail address"},
        ) from exc
    await write(
        conn,
        NewMail(
            kind="announcement",
            cause=f"test:{telemetry.new_id()}:{whose}",
            campaign=campaign.slug,
            address=address,
            language=language,
            facts=Facts(news=news),
        ),
    )
    return SentToOne(
        success=True,
        campaign_slug=campaign.slug,
        subject=news_subject("announcement", news, campaign.title, language),
        sent_to=address,
    )


def _milestone(asked: MilestoneRequest, campaign: Campaign) -> Reached:
    if asked.milestone != "stretch":
        return Reached(
            name=asked.milestone,
            milestone=asked.milestone,
            cents=campaign.goal_cents,
            is_told=True,
        )
    cents = (asked.stretch_threshold or 0) * 100
    for stretch in campaign.stretch_goals:
        if stretch.threshold_cents == cents:
            return Reached(
                name=f"stretch:{cents}",
                milestone="stretch",
                cents=stretch.threshold_cents,
                is_told=True,
                stretch_title=stretch.title,
            )
    raise InputRefused(
        "unknown_stretch_goal",
        "The campaign has no stretch goal at that amount.",
        fields={"stretchThreshold": "is no stretch goal of this campaign, in dollars"},
    )


def _threshold(asked: MilestoneRequest, campaign: Campaign) -> int:
    """Return from how many cents on the milestone is reached, rounded up."""
    parts = {"one-third": 33, "two-thirds": 66, "goal": 100}
    if asked.milestone == "stretch":
        return (asked.stretch_threshold or 0) * 100
    return -(-campaign.goal_cents * parts[asked.milestone] // 100)
