"""Keep a copy of the platform's own settings: its company sends what the platform sells."""

from contracts.events.campaigns import PlatformPublished
from services.chassis.database import Connection
from services.pledges.queries import platforms


async def keep_platform(conn: Connection, event: PlatformPublished) -> None:
    """Take over a newer version. What a pledge costs is in its priced lines already."""
    await platforms.save_platform(conn, event.definition)
