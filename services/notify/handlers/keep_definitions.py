"""Keep what mails say about campaigns and the platform."""

from contracts.events.campaigns import CampaignPublished, PlatformPublished
from services.chassis.storage.database import Connection
from services.notify.queries import definitions


async def keep_campaign(conn: Connection, event: CampaignPublished) -> None:
    """Keep what mails say about a campaign; an older version changes nothing."""
    await definitions.save_campaign(conn, event.definition)


async def keep_platform(conn: Connection, event: PlatformPublished) -> None:
    """Keep what mails say about the platform; an older version changes nothing."""
    await definitions.save_platform(conn, event.definition)
