"""End a campaign before its deadline because its operator said so: everybody is released."""

from contracts.events.campaigns import CampaignCancelled
from services.chassis.events.early import NotYet
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.pledges.domain.figures import Figures
from services.pledges.handlers.change_totals import save_and_tell
from services.pledges.handlers.close_campaign import finish
from services.pledges.queries import campaigns, closing, totals

log = telemetry.logger(__name__)


async def end_early(conn: Connection, event: CampaignCancelled) -> None:
    """Close a campaign at once, not funded. An order that comes later is refused as ever.

    Nothing waits for what checkout still counts: nobody is charged, whoever is among them.
    A count that was written before stands; then there is only refunding.
    """
    held = await campaigns.lock_campaign(conn, event.campaign)
    campaign, now = held.campaigns.get(event.campaign), held.now
    if campaign is None or now is None:
        raise NotYet(f"no definition yet of {event.campaign}")
    if campaign.state == "closed":
        log.warning("ended_after_its_close", campaign=event.campaign)
        return
    before = await totals.lock_totals(conn, event.campaign)
    if campaign.state == "open":
        await closing.start_closing(conn, event.campaign)
        before = await save_and_tell(conn, before, before + Figures(), now=now)
    await finish(conn, campaign, before, now, is_cancelled=True)
    log.warning("campaign_ended_early", campaign=event.campaign)
