"""Carry a change into its campaign's totals: the last thing a transaction does."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.events.pledges import TotalsChanged
from contracts.ids import CampaignSlug, PledgeId
from contracts.money import Cents
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.pledges.domain.figures import Figures, Totals
from services.pledges.queries import totals as queries


async def change_totals(
    conn: Connection,
    campaign: CampaignSlug,
    delta: Figures,
    *,
    pledge_ids: Sequence[PledgeId],
    now: datetime,
) -> Totals:
    """Add `delta`, made by these pledges, to the totals and tell everybody.

    Everything else must be locked before: whoever waits for a totals row holds all
    the locks that its holder could still ask for.
    """
    before = await queries.lock_totals(conn, campaign)
    joined = 0
    if delta.pledge_count:
        alone = await queries.count_supporters_besides(conn, campaign, pledge_ids)
        joined = alone if delta.pledge_count > 0 else -alone
    after = before + msgspec.structs.replace(delta, supporter_count=joined)
    return await save_and_tell(conn, before, after, now=now)


async def save_and_tell(
    conn: Connection, before: Totals, after: Figures, *, now: datetime
) -> Totals:
    """Write locked totals as their next version and tell everybody."""
    version = before.version + 1
    await queries.save_totals(conn, before.campaign, after, version, now)
    totals = Totals(campaign=before.campaign, version=version, **msgspec.structs.asdict(after))
    event = TotalsChanged(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        campaign=totals.campaign,
        version=version,
        pledged_cents=Cents(totals.pledged_cents),
        pledge_count=totals.pledge_count,
        supporter_count=totals.supporter_count,
        tier_counts=totals.tier_counts,
        support_item_cents={k: Cents(v) for k, v in totals.support_item_cents.items()},
        collected_cents=Cents(totals.collected_cents),
        recovering_cents=Cents(totals.recovering_cents),
        lost_cents=Cents(totals.lost_cents),
        returned_cents=Cents(totals.returned_cents),
        late_support_cents=Cents(totals.late_support_cents),
    )
    campaign = totals.campaign
    await outbox.append(conn, event, key=campaign, aggregate=campaign, version=version)
    return totals
