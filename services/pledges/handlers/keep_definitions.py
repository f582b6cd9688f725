"""Keep a copy of each campaign's newest definition, and its calendar as it was at the start."""

from contracts.campaign import CampaignDefinition
from contracts.events.campaigns import CampaignPublished, PlatformPublished
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.pledges.domain.pledge import Campaign
from services.pledges.queries import campaigns as queries
from services.pledges.queries import platforms

log = telemetry.logger(__name__)


async def keep_campaign(conn: Connection, event: CampaignPublished) -> None:
    """Take over a newer definition; dates, goal and currency only before the start.

    Supporters were promised the goal and the deadline they saw: a later definition with
    others is kept for its texts and its calendar is ignored. Site refuses it as well.
    """
    definition = event.definition
    if not await queries.save_definition(conn, definition, event.occurred_at):
        return
    held = await queries.lock_campaigns_shared(conn, [definition.slug])
    campaign = held.campaigns.get(definition.slug)
    if campaign is None:
        await queries.open_campaign(conn, definition)
    elif _differs(campaign, definition):
        if event.occurred_at < campaign.starts_at and campaign.state == "open":
            await queries.move_calendar(conn, definition)
        else:
            log.warning(
                "frozen_calendar_kept", campaign=definition.slug, version=definition.version
            )


def _differs(campaign: Campaign, definition: CampaignDefinition) -> bool:
    return (
        campaign.starts_at,
        campaign.deadline_at,
        campaign.goal_cents,
        campaign.currency,
    ) != (
        definition.starts_at,
        definition.deadline_at,
        definition.goal_cents,
        definition.currency,
    )


async def keep_platform(conn: Connection, event: PlatformPublished) -> None:
    """Take over a newer version. What a pledge costs is in its priced lines already."""
    await platforms.save_platform(conn, event.definition)
