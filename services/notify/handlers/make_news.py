"""What becomes news by itself: diary entries, milestones, and campaigns that open."""

from collections.abc import Sequence

from contracts.events.campaigns import CampaignPublished, DiaryNote
from contracts.events.pledges import TotalsChanged
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection
from services.notify.domain.mails import Campaign
from services.notify.domain.news import News, Reached, reached_now
from services.notify.handlers.broadcasting import Decided, decide
from services.notify.queries import definitions
from services.notify.queries import news as queries


async def keep_diary(conn: Connection, event: CampaignPublished, *, is_known: bool) -> None:
    """Keep the diary as published; entries that were there before we kept any are no news."""
    slug = event.definition.slug
    await queries.save_diary(conn, slug, event.diary, is_done=not is_known)
    if not is_known:
        await definitions.note_diary(conn, slug)


async def hear_totals(conn: Connection, event: TotalsChanged) -> None:
    """Tell of the milestones that pledges have reached."""
    await hear_many_totals(conn, [event])


async def hear_many_totals(conn: Connection, events: Sequence[TotalsChanged]) -> None:
    """Tell of milestones by the newest totals of each campaign."""
    newest = {each.campaign: each for each in sorted(events, key=lambda each: each.version)}
    for slug in sorted(newest):
        if await queries.save_totals(conn, newest[slug]):
            await tell_milestones(conn, slug)


async def tell_milestones(conn: Connection, slug: str) -> list[tuple[Reached, Decided | None]]:
    """Note every milestone that was reached, and tell of those that are to be told, once each."""
    totals = await queries.read_totals(conn, slug)
    campaign = (await definitions.list_campaigns(conn, [CampaignSlug(slug)])).get(
        CampaignSlug(slug)
    )
    if totals is None or campaign is None:
        return []
    done = await queries.list_milestones(conn, slug)
    found = reached_now(totals.pledged_cents, campaign.goal_cents, campaign.stretch_goals, done)
    if not found:
        return []
    # Noted before it is told: rather never than twice.
    await queries.insert_milestones(conn, slug, found)
    return [
        (each, await _tell(conn, campaign, each, totals) if each.is_told else None)
        for each in found
    ]


def milestone_news(reached: Reached, totals: queries.Totals) -> News:
    """Return what is said of a milestone."""
    return News(
        milestone=reached.milestone,
        stretch_title=reached.stretch_title,
        reached_cents=reached.cents,
        pledged_cents=totals.pledged_cents,
        supporter_count=totals.supporter_count,
    )


async def tell_diary(
    conn: Connection, slug: str | None = None
) -> list[tuple[str, DiaryNote, Decided]]:
    """Tell supporters of every entry whose day has come, once each."""
    told = []
    for campaign, note in await queries.list_untold(conn, slug):
        decided = await decide(
            conn, "diary_update", campaign, diary_news(note), cause=f"{campaign}:{note.entry_id}"
        )
        await queries.mark_told(conn, campaign, note.entry_id)
        told.append((campaign, note, decided))
    return told


def diary_news(note: DiaryNote) -> News:
    """Return what is said of a diary entry."""
    return News(subject=note.title, heading=note.title, body=note.excerpt, entry_id=note.entry_id)


async def tell_launches(conn: Connection) -> None:
    """Remind everybody who asked for it that a campaign has opened."""
    for slug in await queries.list_launched(conn):
        # Who signs up in this moment holds the campaign: then they are in the audience.
        await queries.lock_start(conn, slug, shared=False)
        await decide(conn, "launch_reminder", slug, News(), cause=slug)


async def _tell(
    conn: Connection, campaign: Campaign, reached: Reached, totals: queries.Totals
) -> Decided:
    return await decide(
        conn,
        "milestone",
        campaign.slug,
        milestone_news(reached, totals),
        cause=f"{campaign.slug}:{reached.name}",
    )
