"""Keep a copy of each campaign's calendar, and of the platform's rules for recoveries."""

from contracts.events.campaigns import CampaignPublished, PlatformPublished
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.domain import runs
from services.settlement.queries import campaigns

log = telemetry.logger(__name__)
FROZEN = ("starts_at", "deadline_at", "goal_cents", "currency")


async def keep_campaign(conn: Connection, event: CampaignPublished) -> None:
    """Keep the newest definition and move the timers that have not fired.

    When it was published decides whether its dates are frozen, not when we heard of it:
    so everybody keeps the same calendar, whoever was away over the start.
    """
    published = runs.of_definition(event.definition)
    if await campaigns.insert_campaign(conn, published):
        await campaigns.set_timers(conn, published)
        return
    known = await campaigns.lock_campaign(conn, published.slug)
    followed = runs.follow(known, published, at=event.occurred_at)
    if followed == known:
        return
    ignored = [name for name in FROZEN if getattr(followed, name) != getattr(published, name)]
    if ignored:
        log.warning(
            "frozen_change_ignored",
            campaign=published.slug,
            version=published.version,
            fields=ignored,
        )
    await campaigns.update_campaign(conn, followed)
    await campaigns.set_timers(conn, followed)


async def keep_platform(conn: Connection, event: PlatformPublished) -> None:
    """Keep how long a recovery lasts."""
    await campaigns.save_platform(conn, event.definition)
