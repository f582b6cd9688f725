"""What the ledger made of our orders: persisted, cancelled, refused, over; and its totals.

Events may come twice, under another id, or in another order: what an order holds is freed
once because it is held once, and a campaign's share only moves forward.
"""

from collections.abc import Sequence

from contracts.events.pledges import (
    CampaignClosed,
    OrdersMissed,
    PledgeCancelled,
    PledgeCreated,
    PledgeRefused,
    PledgesCharged,
    PledgesLost,
    PledgesReleased,
    TotalsChanged,
)
from contracts.events.settlement import SettlementSettled
from contracts.ids import CampaignSlug, OrderId, PledgeId
from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.checkout.domain.orders import Order, ShareKey, status_of
from services.checkout.handlers.announce_stock import announce_stock
from services.checkout.handlers.drain_campaign import drained_as
from services.checkout.handlers.keep_cards import end_uses
from services.checkout.handlers.reserve_units import free_units_of
from services.checkout.queries import campaigns, cards, orders, revisions, shares

log = telemetry.logger(__name__)


async def hear_created(conn: Connection, event: PledgeCreated) -> None:
    """The claim is confirmed: the pledge stands in the ledger."""
    await hear_many_created(conn, [event])


async def hear_many_created(conn: Connection, events: Sequence[PledgeCreated]) -> None:
    """Many claims are confirmed: rows as arrays, however many pledges stand."""
    keys = [ShareKey(each.pledge.order_id, each.pledge.campaign) for each in events]
    statuses = await orders.lock_statuses(conn, sorted({each.order_id for each in keys}))
    for order_id in {each.order_id for each in keys} - set(statuses):
        log.error("pledge_of_unknown_order", order_id=order_id)
    await shares.mark_persisted(conn, keys)
    waiting = [order_id for order_id, status in statuses.items() if status == "completed"]
    told = await shares.list_shares_of(conn, waiting)
    moved = {order_id: status_of(told.get(order_id, ()), "completed") for order_id in waiting}
    await orders.mark_statuses(
        conn, {key: status for key, status in moved.items() if status != "completed"}
    )


async def hear_cancelled(conn: Connection, event: PledgeCancelled) -> None:
    """The supporter withdrew: the units are free, of whatever revision. The pledge did exist."""
    pledge = event.pledge
    order = await _order(conn, pledge.order_id)
    if order is not None:
        await shares.mark_persisted(conn, [ShareKey(order.order_id, pledge.campaign)])
        await revisions.mark_standing(
            conn, order.order_id, pledge.campaign, revision=pledge.revision, is_cancelled=True
        )
        await _move_on(conn, order)
        await end_uses(conn, [pledge.pledge_id], "cancelled")
        await _free(conn, order, pledge.campaign)


async def hear_refused(conn: Connection, event: PledgeRefused) -> None:
    """The ledger had closed: the units are free, and this share is no pledge."""
    order = await _order(conn, event.order_id)
    if order is not None:
        await shares.mark_refused(conn, order.order_id, event.campaign, event.reason)
        await _move_on(conn, order)
        await end_uses(conn, [event.pledge_id], "refused")
        await _free(conn, order, event.campaign)


async def hear_released(conn: Connection, event: PledgesReleased) -> None:
    """Nobody will charge the card for these pledges. Ended early, their units are free, too."""
    if event.reason == "cancelled":
        await _free_all(conn, event.notice.pledge_ids, event.campaign)
    await end_uses(conn, event.notice.pledge_ids, "released")


async def hear_charged(conn: Connection, event: PledgesCharged) -> None:
    """The pledges are paid: the card has done its work for them."""
    await hear_many_charged(conn, [event])


async def hear_many_charged(conn: Connection, events: Sequence[PledgesCharged]) -> None:
    """The same of many charges, by one statement."""
    paid = [pledge_id for each in events for pledge_id in each.notice.pledge_ids]
    await end_uses(conn, paid, "charged")


async def hear_lost(conn: Connection, event: PledgesLost) -> None:
    """Nobody will pay for these pledges: their units are free, and their cards are given up."""
    await _free_all(conn, event.notice.pledge_ids, event.campaign)
    await end_uses(conn, event.notice.pledge_ids, "lost")


async def hear_settled(conn: Connection, event: SettlementSettled) -> None:
    """Keep that the campaign is settled: what its author left open can be had again."""
    await campaigns.insert_settlement(conn, event.campaign, event.settled_at)


async def hear_closed(conn: Connection, event: CampaignClosed) -> None:
    """Keep how the campaign ended: it decides about support after the end."""
    await campaigns.insert_outcome(conn, event)


async def hear_totals(conn: Connection, event: TotalsChanged) -> None:
    """Keep the newest totals, for tiers that open at a threshold."""
    await campaigns.upsert_totals(conn, event)


async def hear_missed(conn: Connection, event: OrdersMissed) -> None:
    """The ledger cannot close for want of orders: say all of them again, and their number."""
    counted = await shares.list_counted(conn, event.campaign)
    said = await outbox.say_again(conn, [*counted, drained_as(event.campaign)])
    log.warning(
        "orders_said_again",
        campaign=event.campaign,
        counted=len(counted),
        applied=event.applied_count,
        events=said,
    )


async def _order(conn: Connection, order_id: OrderId) -> Order | None:
    order = await orders.lock_order(conn, order_id)
    if order is None:
        log.error("pledge_of_unknown_order", order_id=order_id)
    return order


async def _move_on(conn: Connection, order: Order) -> None:
    if order.status != "completed":
        return
    status = status_of(await shares.list_shares(conn, order.order_id), order.status)
    if status != order.status:
        await orders.mark_statuses(conn, {order.order_id: status})


async def _free_all(
    conn: Connection, pledge_ids: Sequence[PledgeId], campaign: CampaignSlug
) -> None:
    for order_id in await cards.list_orders(conn, pledge_ids):
        order = await _order(conn, order_id)
        if order is not None:
            await _free(conn, order, campaign)


async def _free(conn: Connection, order: Order, campaign: CampaignSlug) -> None:
    freed = await free_units_of(conn, order.order_id, [campaign])
    if freed.quantity:
        await announce_stock(conn, freed.shelves, now=await campaigns.now(conn))
