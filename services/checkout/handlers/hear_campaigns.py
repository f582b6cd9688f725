"""Keep our copies of what site publishes, and the limits they give to tiers."""

from contracts.events.campaigns import CampaignPublished, PlatformPublished
from services.chassis.database import Connection
from services.checkout.handlers.announce_stock import announce_stock
from services.checkout.queries import campaigns, stock
from services.checkout.stock import limits_of


async def hear_campaign(conn: Connection, event: CampaignPublished) -> None:
    """Take a newer version into force; an older one, or the same again, changes nothing."""
    definition = event.definition
    if not await campaigns.upsert_campaign(conn, definition):
        return
    await stock.lock_stock(conn, [definition.slug])
    had_limits = bool(await stock.list_stock(conn, definition.slug))
    limits = limits_of(definition)
    await stock.set_limits(conn, definition.slug, limits)
    if had_limits or limits:
        now = await campaigns.now(conn)
        await announce_stock(conn, [definition.slug], now=now, always=True)


async def hear_platform(conn: Connection, event: PlatformPublished) -> None:
    """Take newer platform rules into force."""
    await campaigns.upsert_platform(conn, event.definition)
