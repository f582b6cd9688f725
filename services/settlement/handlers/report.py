"""What operators ask: the plan, the run, and to run it now."""

from contracts.ids import CampaignSlug
from contracts.refusals import NotFound, StateRefused
from services.chassis.database import Connection
from services.settlement import domain, plan
from services.settlement.domain import Campaign, Run
from services.settlement.plan import Plan
from services.settlement.queries import campaigns, charges, copies, rounds


async def make_plan(conn: Connection, slug: CampaignSlug) -> Plan:
    """Return the forecast before the close, what was asked for after it."""
    campaign = await _known(conn, slug)
    closing = await copies.find_closing(conn, slug)
    pledges = await copies.list_copies(conn, slug)
    if closing is None:
        return plan.forecast(campaign, pledges)
    asked = await copies.list_charge_facts(conn, slug)
    return plan.executed(campaign, closing, asked, pledges)


async def dispatch(conn: Connection, slug: CampaignSlug, plan_hash: str | None) -> Run:
    """Let everything that is due be tried now, and return the run as it stands.

    Nobody has to call this: the run starts by itself at the close.
    """
    await _known(conn, slug)
    if await copies.find_closing(conn, slug) is None:
        raise StateRefused("not_closed", "This campaign is not closed yet.")
    if plan_hash is not None and (await make_plan(conn, slug)).plan_hash != plan_hash:
        raise StateRefused("stale_plan", "The plan has changed. Look at it again.")
    await charges.bring_forward(conn, slug)
    return await read_run(conn, slug)


async def read_run(conn: Connection, slug: CampaignSlug) -> Run:
    """Return how the campaign's charging stands."""
    await _known(conn, slug)
    closing = await copies.find_closing(conn, slug)
    return domain.run_of(slug, closing, await rounds.count_charges(conn, slug))


async def _known(conn: Connection, slug: CampaignSlug) -> Campaign:
    campaign = await campaigns.find_campaign(conn, slug)
    if campaign is None:
        raise NotFound("unknown_campaign", "There is no such campaign.")
    return campaign
