"""Keep what mails say about campaigns and the platform."""

from contracts.events.admin import RunnerChanged
from contracts.events.campaigns import CampaignCancelled, CampaignPublished, PlatformPublished
from services.chassis.events.early import NotYet
from services.chassis.storage.database import Connection
from services.notify.handlers.make_news import keep_diary, tell_milestones
from services.notify.queries import definitions


async def keep_campaign(conn: Connection, event: CampaignPublished) -> None:
    """Keep what mails say about a campaign; an older version changes nothing."""
    is_known = await definitions.save_campaign(conn, event)
    if is_known is None:
        return
    await keep_diary(conn, event, is_known=is_known)
    await tell_milestones(conn, event.definition.slug)


async def hear_cancelled_campaign(conn: Connection, event: CampaignCancelled) -> None:
    """Note when a campaign was ended early: nothing is reported of the days after."""
    if not await definitions.end_early(conn, event.campaign, event.cancelled_at):
        raise NotYet(f"no definition yet of {event.campaign}")


async def keep_runner(conn: Connection, event: RunnerChanged) -> None:
    """Keep who runs which campaigns: they are sent the reports of these."""
    await definitions.save_runner(conn, event)


async def keep_platform(conn: Connection, event: PlatformPublished) -> None:
    """Keep what mails say about the platform; an older version changes nothing."""
    await definitions.save_platform(conn, event.definition)
