"""Record what became of money after a charge: refunds, what banks withdrew."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.events.pledges import PledgesRefunded
from contracts.events.settlement import Disputed, Refunded
from contracts.money import Cents
from services.chassis.events import outbox
from services.chassis.events.early import NotYet
from services.chassis.storage.database import Connection
from services.pledges.domain import pledging, returning
from services.pledges.domain.figures import Figures
from services.pledges.domain.pledge import Change, EntryType, Pledge
from services.pledges.handlers.change_totals import change_totals
from services.pledges.queries import campaigns, closing, ledger, money


class _Paid(msgspec.Struct, frozen=True):
    """The pledges a charge paid for, locked, and the time at which they were."""

    pledges: list[Pledge]
    now: datetime


async def record_refund(conn: Connection, event: Refunded) -> None:
    """Write what went back, or came to us again, and have the supporter told."""
    paid = await _lock_what_was_paid(conn, event)
    is_failed = event.state == "failed"
    cause = f"{'refund_failed' if is_failed else 'refunded'}:{event.refund_id}"
    if await ledger.has_line(conn, [each.pledge_id for each in paid.pledges], cause):
        return
    moved = returning.refund(event, paid.pledges, await money.list_moved(conn, event.charge_id))
    if is_failed and not moved:
        raise NotYet(f"{event.refund_id} failed and is not known to have begun")
    entry_type: EntryType = "refund_failed" if is_failed else "refunded"
    changes = [
        change
        for pledge in paid.pledges
        if (change := returning.take(pledge, moved, entry_type, cause, now=paid.now)) is not None
    ]
    await money.insert_moved(conn, moved, paid.now)
    await ledger.save_changes(conn, changes)
    await _tell(conn, event, changes)
    await _change_totals(conn, event, changes, paid.now)


async def record_dispute(conn: Connection, event: Disputed) -> None:
    """Write what a bank withdrew or gave back. Older news of a dispute changes nothing.

    Nobody is mailed: it is between the bank, its customer and the operator.
    """
    paid = await _lock_what_was_paid(conn, event)
    if not await money.take_version(conn, event.dispute_id, event.version):
        return
    moved = returning.dispute(event, paid.pledges, await money.list_moved(conn, event.charge_id))
    entry_type: EntryType = "disputed" if event.withdrawn_cents else "dispute_closed"
    cause = f"dispute:{event.dispute_id}:{event.version}"
    changes = [
        change
        for pledge in paid.pledges
        if (change := returning.take(pledge, moved, entry_type, cause, now=paid.now)) is not None
    ]
    await money.insert_moved(conn, moved, paid.now)
    if changes:
        await ledger.save_changes(conn, changes)
        await _change_totals(conn, event, changes, paid.now)


async def _lock_what_was_paid(conn: Connection, event: Refunded | Disputed) -> _Paid:
    """Lock the campaign, the request and its pledges, in this order, as everybody does."""
    held = await campaigns.lock_campaigns_shared(conn, [event.campaign])
    request = await closing.lock_charge_request(
        conn, event.campaign, event.supporter_id, event.purpose
    )
    if not held.campaigns or request is None:
        raise NotYet(f"no charge of {event.campaign} was asked for this supporter")
    now = await ledger.lock_pledges(conn, request.pledge_ids)
    assert now is not None, "a request names pledges"
    pledges = await ledger.list_pledges(conn, request.pledge_ids)
    if any(each.charge_id != event.charge_id for each in pledges):
        raise NotYet(f"{event.charge_id} is not known to be paid")
    return _Paid(sorted(pledges, key=lambda each: each.pledge_id), now)


async def _tell(conn: Connection, event: Refunded, changes: Sequence[Change]) -> None:
    pledges = [each.pledge for each in changes]
    pledge_ids = [each.pledge_id for each in pledges]
    told = PledgesRefunded(
        event_id=outbox.new_event_id(),
        occurred_at=event.occurred_at,
        campaign=event.campaign,
        notice=pledging.notice(pledges),
        refund_id=event.refund_id,
        state=event.state,
        amount_cents=event.amount_cents,
        returned_cents=Cents(await money.sum_refunded(conn, pledge_ids)),
        refunded_at=event.refunded_at,
    )
    await outbox.append(
        conn,
        told,
        key=event.campaign,
        aggregate=f"refund:{event.refund_id}",
        version=1 if event.state == "returned" else 2,
    )


async def _change_totals(
    conn: Connection, event: Refunded | Disputed, changes: Sequence[Change], now: datetime
) -> None:
    await change_totals(
        conn,
        event.campaign,
        sum((each.for_totals for each in changes), Figures()),
        pledge_ids=[each.pledge.pledge_id for each in changes],
        now=now,
    )
