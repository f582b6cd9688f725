"""Close a campaign: the final count, and what follows from it, in one transaction."""

from datetime import datetime
from typing import Literal

from contracts.events.pledges import CampaignClosed
from contracts.ids import CampaignSlug
from contracts.money import Cents
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.pledges.domain import pledging
from services.pledges.domain.figures import Figures, Totals, compare
from services.pledges.domain.pledge import SETTLEMENT, Campaign
from services.pledges.handlers.change_totals import save_and_tell
from services.pledges.queries import campaigns, checks, closing, proposals, totals

Outcome = Literal["closed", "waiting", "disagrees"]


async def close_campaign(conn: Connection, slug: CampaignSlug) -> Outcome:
    """Close a campaign whose end was announced, if it can be closed; say how it went.

    It can when the orders we applied are exactly those that checkout counted. Should
    history, pledges and totals not agree, nothing is decided about anybody's money:
    the campaign stays closing until an operator has looked.
    """
    held = await campaigns.lock_campaign(conn, slug)
    campaign, now = held.campaigns[slug], held.now
    assert now is not None, "the campaign is locked"
    if campaign.state == "closed":
        return "closed"
    before = await totals.lock_totals(conn, slug)
    if campaign.state == "open":
        await closing.start_closing(conn, slug)
        before = await save_and_tell(conn, before, before + Figures(), now=now)
    if not await _has_every_order(conn, slug):
        return "waiting"
    if await sums_differ(conn, slug, before):
        return "disagrees"
    await finish(conn, campaign, before, now)
    return "closed"


async def sums_differ(conn: Connection, slug: CampaignSlug, before: Totals) -> bool:
    """Tell whether the three sums of a campaign disagree."""
    history = await checks.sum_history(conn, slug)
    pledges = await checks.sum_pledges(conn, slug)
    return bool(compare(history, pledges, before))


async def _has_every_order(conn: Connection, slug: CampaignSlug) -> bool:
    signals = await campaigns.read_signals(conn, slug)
    if signals.drained_hash is None:
        return False
    await checks.allow_long_statements(conn)
    applied = await closing.hash_applied(conn, slug)
    return (applied.count, applied.digest) == (signals.drained_count, signals.drained_hash)


async def finish(
    conn: Connection,
    campaign: Campaign,
    final: Totals,
    now: datetime,
    *,
    is_cancelled: bool = False,
) -> bool:
    """Write the final count and what follows from it; tell whether it is funded.

    What its operator ended early is not, whatever it had: everybody is released.
    """
    slug = campaign.campaign
    is_funded = not is_cancelled and pledging.is_funded(
        pledged_cents=final.pledged_cents, goal_cents=campaign.goal_cents
    )
    await closing.save_outcome(
        conn,
        slug,
        pledged_cents=final.pledged_cents,
        is_funded=is_funded,
        closed_at=now,
        is_cancelled=is_cancelled,
    )
    await proposals.abandon_of_campaign(conn, slug)
    if is_funded:
        await closing.insert_charge_requests(conn, slug, purpose=SETTLEMENT, requested_at=now)
    else:
        await closing.release_pledges(conn, slug, released_at=now)
    after = await save_and_tell(conn, final, final + Figures(), now=now)
    event = CampaignClosed(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        campaign=slug,
        is_funded=is_funded,
        pledged_cents=Cents(final.pledged_cents),
        pledge_count=final.pledge_count,
        goal_cents=campaign.goal_cents,
        closed_at=now,
        is_cancelled=is_cancelled,
    )
    await outbox.append(conn, event, key=slug, aggregate=slug, version=after.version)
    return is_funded
