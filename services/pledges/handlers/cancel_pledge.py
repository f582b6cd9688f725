"""Withdraw a pledge, before the deadline and once."""

from contracts.api.pledges import PledgeRecord
from contracts.events.pledges import PledgeCancelled
from contracts.magic_link import MagicLink, no_such_pledge
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.pledges.domain import erasing, pledging
from services.pledges.handlers.change_totals import change_totals
from services.pledges.handlers.read_pledge import read_pledge
from services.pledges.queries import campaigns, ledger


async def cancel_pledge(conn: Connection, link: MagicLink, *, order_id: str | None) -> PledgeRecord:
    """Cancel the pledge a link is for and return its record.

    The campaign is locked before the pledge, so that no close can count the pledge and
    lose it; the clock is read last, when every wait is over.
    """
    pledging.require_own(link, order_id)
    held = await campaigns.lock_campaigns_shared(conn, [link.campaign_slug])
    now = await ledger.lock_pledges(conn, [link.pledge_id])
    if now is None:
        raise no_such_pledge()
    pledge = (await ledger.list_pledges(conn, [link.pledge_id]))[0]
    if erasing.is_erased(pledge):
        raise no_such_pledge()
    pledging.require_holder(pledge, link)
    change = pledging.cancel(pledge, held.campaigns[pledge.campaign], now=now)
    await ledger.save_changes(conn, [change])
    event = PledgeCancelled(
        event_id=outbox.new_event_id(), occurred_at=now, pledge=pledging.snapshot(change.pledge)
    )
    await outbox.append(
        conn,
        event,
        key=pledge.campaign,
        aggregate=pledge.pledge_id,
        version=change.pledge.revision,
    )
    record = await read_pledge(conn, link)
    await change_totals(
        conn, pledge.campaign, change.entry.delta, pledge_ids=[pledge.pledge_id], now=now
    )
    return record
