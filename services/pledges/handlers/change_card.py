"""Keep a pledge's newest card: another one was saved for it, or its bank renewed it."""

from contracts.events.checkout import CardSaved
from contracts.events.pledges import PledgeCardChanged
from services.chassis.events import outbox
from services.chassis.events.early import NotYet
from services.chassis.storage.database import Connection
from services.pledges.domain import pledging
from services.pledges.queries import campaigns, ledger


async def change_card(conn: Connection, event: CardSaved) -> None:
    """Write the card as a line of history, once. A pledge that is over keeps what it has."""
    await campaigns.lock_campaigns_shared(conn, [event.campaign])
    now = await ledger.lock_pledges(conn, [event.pledge_id])
    if now is None:
        if await ledger.is_refused(conn, event.pledge_id):
            return
        raise NotYet(f"no pledge {event.pledge_id} yet")
    (pledge,) = await ledger.list_pledges(conn, [event.pledge_id])
    change = pledging.change_card(pledge, event, now=now)
    if change is None or await ledger.has_line(conn, [pledge.pledge_id], change.entry.cause):
        return
    await ledger.save_changes(conn, [change])
    changed = change.pledge
    told = PledgeCardChanged(
        event_id=outbox.new_event_id(), occurred_at=now, pledge=pledging.snapshot(changed)
    )
    await outbox.append(
        conn, told, key=changed.campaign, aggregate=changed.pledge_id, version=changed.revision
    )
