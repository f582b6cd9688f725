"""What the ledger made of a proposed revision: its reservation becomes a claim, or is free.

Events may come twice, late, or in another order: a pledge's units are those of the newest
revision the ledger told of, and an abandoned proposal can never reserve again.
"""

from contracts.events.pledges import PledgeModified, RevisionAbandoned
from contracts.ids import CampaignSlug, OrderId
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.checkout.domain.stock import Units, units_in
from services.checkout.handlers.announce_stock import announce_stock
from services.checkout.handlers.lock_stock import lock_stock
from services.checkout.handlers.reserve_units import reserved_by
from services.checkout.queries import campaigns, orders, reservations, revisions, stock
from services.checkout.queries.reservations import Proposals, Reservation

log = telemetry.logger(__name__)


async def hear_modified(conn: Connection, event: PledgeModified) -> None:
    """The pledge is what it is now: it claims exactly that, and nothing of before."""
    pledge = event.pledge
    order_id, campaign, revision = pledge.order_id, pledge.campaign, pledge.revision
    if await orders.lock_order(conn, order_id) is None:
        log.error("pledge_of_unknown_order", order_id=order_id)
        return
    if not await revisions.mark_standing(conn, order_id, campaign, revision=revision):
        return
    await revisions.mark_proposed(
        conn,
        order_id,
        campaign,
        revision=revision,
        proposal=event.proposal,
        state="committed",
    )
    await _claim_exactly(
        conn,
        order_id,
        campaign,
        units_in(campaign, pledge.lines),
        revision=revision,
        proposal=event.proposal,
    )


async def hear_abandoned(conn: Connection, event: RevisionAbandoned) -> None:
    """The proposal is over: what it reserved can be had again.

    One that was committed is a pledge by now, and one that was not asked for yet will be
    refused when it is.
    """
    order_id, campaign = event.order_id, event.campaign
    if await orders.lock_order(conn, order_id) is None:
        log.error("pledge_of_unknown_order", order_id=order_id)
        return
    await revisions.mark_proposed(
        conn,
        order_id,
        campaign,
        revision=event.revision,
        proposal=event.proposal,
        state="abandoned",
    )
    only = Proposals(event.revision, event.proposal, event.proposal)
    reserved = await reserved_by(conn, order_id, campaign, only)
    if reserved:
        await lock_stock(conn, [campaign], reserved)
        await reservations.release(conn, order_id, [campaign], only)
        shelves = {thing.shelf for thing in reserved}
        await announce_stock(conn, shelves, now=await campaigns.now(conn))


async def _claim_exactly(
    conn: Connection,
    order_id: OrderId,
    campaign: CampaignSlug,
    wanted: list[Units],
    *,
    revision: int,
    proposal: int,
) -> None:
    """Give back all the pledge holds and claim what it contains, with its rows locked.

    Between the two nobody can take a unit; what was not taken before is claimed as well,
    because the ledger has committed it: then an operator has to hear of it.
    """
    before = [
        each
        for each in await reservations.list_reservations(conn, order_id)
        if each.campaign == campaign and each.state != "released"
    ]
    things = {each.units.thing for each in before} | {each.thing for each in wanted}
    await lock_stock(conn, [campaign], things)
    await reservations.release(conn, order_id, [campaign])
    for units in wanted:
        is_over = await stock.claim_anyway(conn, units)
        if is_over and units.quantity > _taken(before, units):
            log.error("claimed_beyond_the_limit", order_id=order_id, thing=units.thing.name)
    await reservations.write_claims(conn, order_id, wanted, revision=revision, proposal=proposal)
    shelves = {thing.shelf for thing in things}
    await announce_stock(conn, shelves, now=await campaigns.now(conn))


def _taken(before: list[Reservation], units: Units) -> int:
    return sum(each.quantity for each in before if each.units.thing == units.thing)
