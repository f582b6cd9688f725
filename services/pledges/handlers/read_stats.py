"""The public figures of a campaign, as the ledger has them."""

from datetime import datetime

from contracts.ids import CampaignSlug, is_slug
from contracts.money import cents_to_dollars
from contracts.refusals import InputRefused, NotFound
from services.chassis.storage.database import Connection
from services.pledges.domain.figures import Stats, percent_funded
from services.pledges.domain.pledge import Campaign
from services.pledges.queries import campaigns, totals


async def read_stats(conn: Connection, slug: str) -> Stats:
    """Return a campaign's figures, the goal in dollars and all else in cents."""
    campaign, now = await require_campaign(conn, slug)
    stored = await totals.read_totals(conn, campaign.campaign)
    return Stats(
        campaign_slug=campaign.campaign,
        pledged_amount=stored.pledged_cents,
        pledge_count=stored.pledge_count,
        supporter_count=stored.supporter_count,
        tier_counts=stored.tier_counts,
        support_items=stored.support_item_cents,
        goal_amount=cents_to_dollars(campaign.goal_cents),
        goal_deadline=campaign.deadline_at,
        state=campaign.state_at(now),
        funded=campaign.is_funded is True,
        percent_funded=percent_funded(stored.pledged_cents, campaign.goal_cents),
        collected_amount=stored.collected_cents,
        recovering_amount=stored.recovering_cents,
        lost_amount=stored.lost_cents,
        returned_amount=stored.returned_cents,
        late_support_amount=stored.late_support_cents,
        version=stored.version,
        updated_at=stored.updated_at,
    )


async def require_campaign(conn: Connection, slug: str) -> tuple[Campaign, datetime]:
    """Return a campaign and the platform's time, or refuse what names no campaign."""
    if not is_slug(slug):
        raise InputRefused("invalid_input", "This is not a campaign's name.")
    held = await campaigns.read_campaign(conn, CampaignSlug(slug))
    campaign = held.campaigns.get(CampaignSlug(slug))
    if campaign is None or held.now is None:
        raise NotFound("not_found", "There is no such campaign.")
    return campaign, held.now
