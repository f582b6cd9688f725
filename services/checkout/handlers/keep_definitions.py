"""Keep our copies of what site publishes, and the limits they give to tiers and add-ons."""

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.events.campaigns import CampaignCancelled, CampaignPublished, PlatformPublished
from services.chassis.events.early import NotYet
from services.chassis.storage.database import Connection
from services.checkout.domain.stock import PLATFORM_SHELF, Limited, add_ons_of, things_of
from services.checkout.handlers.announce_stock import announce_stock
from services.checkout.queries import campaigns, stock


async def keep_campaign(conn: Connection, event: CampaignPublished) -> None:
    """Take a newer version into force; an older one, or the same again, changes nothing."""
    if await campaigns.upsert_campaign(conn, event.definition, event.occurred_at):
        await limit_campaign(conn, event.definition)


async def hear_cancelled_campaign(conn: Connection, event: CampaignCancelled) -> None:
    """Take the end of a campaign for its deadline: the drain ends what is open."""
    if not await campaigns.end_early(conn, event.campaign, event.cancelled_at):
        raise NotYet(f"no definition yet of {event.campaign}")


async def keep_platform(conn: Connection, event: PlatformPublished) -> None:
    """Take newer platform rules into force, and the limits of its own products."""
    if await campaigns.upsert_platform(conn, event.definition):
        await limit_platform(conn, event.definition)


async def limit_campaign(conn: Connection, definition: CampaignDefinition) -> None:
    """Give a campaign's things their limits. Its door must be held for update."""
    await _limit(conn, definition.slug, things_of(definition))


async def limit_platform(conn: Connection, definition: PlatformDefinition) -> None:
    """Give the platform's products their limits. Its door must be held for update.

    Products that are switched off keep their count.
    """
    await _limit(conn, PLATFORM_SHELF, add_ons_of(PLATFORM_SHELF, definition.add_ons))


async def _limit(conn: Connection, shelf: str, things: list[Limited]) -> None:
    await stock.lock_shelf(conn, shelf)
    had_limits = bool(await stock.list_levels(conn, shelf))
    await stock.set_limits(conn, shelf, things)
    if had_limits or await stock.list_levels(conn, shelf):
        now = await campaigns.now(conn)
        await announce_stock(conn, [shelf], now=now, always=True)
