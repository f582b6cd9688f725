"""Turn completed orders into pledges: one per campaign, once, however often we are told."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from contracts.events.checkout import CheckoutCompleted, RefusedPart
from contracts.events.pledges import PledgeCreated, PledgeRefused
from contracts.ids import CampaignSlug, EventId, OrderId, PledgeId, canonical_email
from services.chassis.events import outbox
from services.chassis.events.early import NotYet
from services.chassis.storage.database import Connection
from services.pledges.domain import pledging
from services.pledges.domain.figures import Figures
from services.pledges.domain.pledge import Campaign, Change, Pledge, RefusedOrder
from services.pledges.handlers.change_totals import change_totals
from services.pledges.queries import campaigns, closing, ledger
from services.pledges.queries.forgetting import recall

Told = Mapping[PledgeId, tuple[RefusedPart, ...]]


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
    causes = {order.order_id: order.event_id for order in orders}
    told = pledging.refusals_told(orders, created, refused)
    if created:
        people = {
            order.supporter_id: ledger.Person(order.supporter_id, canonical_email(order.email))
            for order in orders
        }
        await ledger.insert_supporters(conn, list(people.values()), held.now)
        await recall(conn, list(people.values()))
        fresh = await ledger.insert_pledges(conn, list(created.values()))
        made = [created[each] for each in created if each in fresh]
        await _tell_created(conn, made, causes, told, now=held.now)
    if refused:
        fresh = await ledger.insert_refused(conn, list(refused.values()))
        late = [refused[each] for each in refused if each in fresh]
        await outbox.append_all(conn, [_refused(each, causes, told) for each in late])


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
            reason = pledging.refusal(
                campaigns_by_slug[priced.campaign], order.completed_at, is_late=priced.is_late
            )
            if reason is None:
                created[priced.pledge_id] = pledging.create(order, priced, now=now)
            else:
                refused[priced.pledge_id] = pledging.refuse(order, priced, reason, now=now)
    return created, refused


async def _tell_created(
    conn: Connection,
    made: Sequence[Change],
    causes: Mapping[OrderId, EventId],
    told: Told,
    *,
    now: datetime,
) -> None:
    by_campaign: dict[CampaignSlug, list[Change]] = defaultdict(list)
    for change in made:
        by_campaign[change.pledge.campaign].append(change)
    await outbox.append_all(conn, [_created(each.pledge, causes, told, now=now) for each in made])
    for change in made:
        if change.pledge.is_late:
            await closing.insert_late_request(conn, change.pledge, requested_at=now)
    for campaign in sorted(by_campaign):
        counted = [each for each in by_campaign[campaign] if not each.pledge.is_late]
        if counted:
            await change_totals(
                conn,
                campaign,
                sum((each.for_totals for each in counted), Figures()),
                pledge_ids=[each.pledge.pledge_id for each in counted],
                now=now,
            )


def _created(
    pledge: Pledge, causes: Mapping[OrderId, EventId], told: Told, *, now: datetime
) -> outbox.Entry:
    event = PledgeCreated(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        pledge=pledging.snapshot(pledge),
        refused=told.get(pledge.pledge_id, ()),
    )
    return outbox.Entry(
        event=event,
        key=pledge.campaign,
        aggregate=pledge.pledge_id,
        version=pledge.revision,
        caused_by=causes[pledge.order_id],
    )


def _refused(refused: RefusedOrder, causes: Mapping[OrderId, EventId], told: Told) -> outbox.Entry:
    event = PledgeRefused(
        event_id=outbox.new_event_id(),
        occurred_at=refused.refused_at,
        pledge_id=refused.pledge_id,
        order_id=refused.order_id,
        campaign=refused.campaign,
        email=refused.email,
        language=refused.language,
        lines=refused.lines,
        reason=refused.reason,
        is_told=refused.pledge_id not in told,
        also=told.get(refused.pledge_id, ()),
    )
    return outbox.Entry(
        event=event,
        key=refused.campaign,
        aggregate=refused.pledge_id,
        version=1,
        caused_by=causes[refused.order_id],
    )
