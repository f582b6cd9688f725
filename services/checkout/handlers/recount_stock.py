"""Count a campaign's limited things anew from what orders hold, and say so where that differs."""

from contracts.ids import CampaignSlug, is_slug
from contracts.refusals import InputRefused, NotFound
from services.chassis.events.parked import note_action
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.checkout.domain.answers import Recount, left_of
from services.checkout.domain.stock import things_of
from services.checkout.handlers.announce_stock import announce_stock
from services.checkout.queries import campaigns, stock


async def recount_stock(conn: Connection, slug: str) -> Recount:
    """Set the counters to the sum of reservations and claims, which are the truth.

    The campaign's door is closed meanwhile, so nobody moves a unit between the sums and
    the counters. A correction is a further version, which everybody hears of, and is noted.
    """
    if not is_slug(slug):
        raise InputRefused("invalid_input", "This is not a campaign's name.")
    campaign = await campaigns.lock_definition(conn, CampaignSlug(slug))
    if campaign is None:
        raise NotFound("campaign_not_found", "There is no such campaign.")
    shelf = campaign.slug
    await stock.lock_shelf(conn, shelf)
    before = await stock.list_levels(conn, shelf)
    await stock.set_limits(conn, shelf, things_of(campaign))
    after = await stock.list_levels(conn, shelf)
    if before != after:
        await announce_stock(conn, [shelf], now=await campaigns.now(conn), always=True)
        details = {
            "shelf": shelf,
            "before": before,
            "after": after,
            "request_id": telemetry.correlation.get(),
        }
        await note_action(conn, "stock recount", "operator", details)
    return Recount(
        campaign_slug=shelf,
        corrected=before != after,
        version=await stock.find_version(conn, shelf),
        tiers=left_of(after.tiers),
        add_ons=left_of(after.add_ons),
    )
