"""Turn completed orders into pledges: one per campaign, once, however often we are told."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from contracts.events.checkout import CheckoutCompleted
from contracts.events.pledges import PledgeCreated, PledgeRefused
from contracts.ids import CampaignSlug, PledgeId, canonical_email
from services.chassis import outbox
from services.chassis.database import Connection
from services.chassis.inbox import NotYet
from services.pledges import domain
from services.pledges.figures import Figures
from services.pledges.handlers.change_totals import change_totals
from services.pledges.pledge import Campaign, Change, RefusedOrder
from services.pledges.queries import campaigns, ledger


async def apply_order(conn: Connection, order: CheckoutCompleted) -> None:
    """Apply one completed order."""
    await apply_orders(conn, [order])


async def apply_orders(conn: Connection, orders: Sequence[CheckoutCompleted]) -> None:
    """Apply completed orders together: rows as arrays, each totals row once and last."""
    slugs = sorted({priced.campaign for order in orders for priced in order.pledges})
    held = await campaigns.lock_campaigns_shared(conn, slugs)
    if len(held.campaigns) < len(slugs) or held.now is None:
        raise NotYet(f"no definition yet of {set(slugs) - set(held.campaigns)}")
    created, refused = _decide(orders, held.campaigns, held.now)
    if created:
        people = {
            order.supporter_id: ledger.Person(order.supporter_id, canonical_email(order.email))
            for order in orders
        }
        await ledger.insert_supporters(conn, list(people.values()), held.now)
        fresh = await ledger.insert_pledges(conn, list(created.values()))
        await _tell_created(conn, [created[each] for each in created if each in fresh], held.now)
    if refused:
        fresh = await ledger.insert_refused(conn, list(refused.values()))
        for each in refused.values():
            if each.pledge_id in fresh:
                await _tell_refused(conn, each)


def _decide(
    orders: Sequence[CheckoutCompleted],
    campaigns_by_slug: Mapping[CampaignSlug, Campaign],
    now: datetime,
) -> tuple[dict[PledgeId, Change], dict[PledgeId, RefusedOrder]]:
    """Decide per campaign: a bundle may be too late for one and in time for another."""
    created: dict[PledgeId, Change] = {}
    refused: dict[PledgeId, RefusedOrder] = {}
    for order in orders:
        for priced in order.pledges:
            reason = domain.refusal(campaigns_by_slug[priced.campaign], order.completed_at)
            if reason is None:
                created[priced.pledge_id] = domain.create(order, priced, now=now)
            else:
                refused[priced.pledge_id] = domain.refuse(order, priced, reason, now=now)
    return created, refused


async def _tell_created(conn: Connection, fresh: Sequence[Change], now: datetime) -> None:
    by_campaign: dict[CampaignSlug, list[Change]] = defaultdict(list)
    for change in fresh:
        pledge = change.pledge
        by_campaign[pledge.campaign].append(change)
        event = PledgeCreated(
            event_id=outbox.new_event_id(), occurred_at=now, pledge=domain.snapshot(pledge)
        )
        await outbox.append(
            conn, event, key=pledge.campaign, aggregate=pledge.pledge_id, version=pledge.revision
        )
    for campaign in sorted(by_campaign):
        changes = by_campaign[campaign]
        await change_totals(
            conn,
            campaign,
            sum((each.entry.delta for each in changes), Figures()),
            pledge_ids=[each.pledge.pledge_id for each in changes],
            now=now,
        )


async def _tell_refused(conn: Connection, refused: RefusedOrder) -> None:
    event = PledgeRefused(
        event_id=outbox.new_event_id(),
        occurred_at=refused.refused_at,
        pledge_id=refused.pledge_id,
        order_id=refused.order_id,
        campaign=refused.campaign,
        email=refused.email,
        language=refused.language,
        lines=refused.lines,
    )
    await outbox.append(conn, event, key=refused.campaign, aggregate=refused.pledge_id, version=1)
