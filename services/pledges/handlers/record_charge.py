"""Record that a charge was declined, or is lost: payment_failed until it is charged."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.events.pledges import PledgesChargeFailed, PledgesLost, PledgesRecoveryReminded
from contracts.events.settlement import ChargeDeclined, ChargeLost, RecoveryReminderDue
from services.chassis.events import outbox
from services.chassis.events.early import NotYet
from services.chassis.storage.database import Connection
from services.pledges.domain import paying, pledging
from services.pledges.domain.figures import Figures
from services.pledges.domain.pledge import Change, Pledge
from services.pledges.handlers.change_totals import change_totals
from services.pledges.queries import campaigns, closing, ledger


class _Asked(msgspec.Struct, frozen=True):
    """The pledges a charge is for, locked, and the time at which they were."""

    pledges: list[Pledge]
    now: datetime


async def record_decline(conn: Connection, event: ChargeDeclined) -> None:
    """Mark the pledges of a charge as payment_failed, unless they are charged already."""
    asked = await _lock_what_was_asked(conn, event)
    changes = [
        change
        for pledge in asked.pledges
        if (change := paying.fail(pledge, event, now=asked.now)) is not None
    ]
    if not changes or await ledger.has_line(
        conn, [each.pledge.pledge_id for each in changes], changes[0].entry.cause
    ):
        return
    notice = pledging.notice([each.pledge for each in changes])
    told = PledgesChargeFailed(
        event_id=outbox.new_event_id(),
        occurred_at=asked.now,
        campaign=event.campaign,
        notice=notice,
        failed_at=event.declined_at,
        decline_code=event.decline_code or event.code,
        recovery=event.recovery,
        is_quiet=event.is_quiet,
    )
    await _record(conn, changes, told, asked.now)


async def record_loss(conn: Connection, event: ChargeLost) -> None:
    """Mark the pledges of a charge as lost: its window is over, and nothing was taken."""
    asked = await _lock_what_was_asked(conn, event)
    changes = [
        change
        for pledge in asked.pledges
        if (change := paying.lose(pledge, event, now=asked.now)) is not None
    ]
    if not changes:
        return
    told = PledgesLost(
        event_id=outbox.new_event_id(),
        occurred_at=asked.now,
        campaign=event.campaign,
        notice=pledging.notice([each.pledge for each in changes]),
        lost_at=event.lost_at,
        is_refunded=event.because == "refunded",
    )
    await _record(conn, changes, told, asked.now)


async def pass_reminder_on(conn: Connection, event: RecoveryReminderDue) -> None:
    """Have a supporter reminded whose charge is still open. Paid or lost meanwhile: nobody."""
    request = await closing.lock_charge_request(
        conn, event.campaign, event.supporter_id, event.purpose
    )
    if request is None:
        raise NotYet(f"no charge of {event.campaign} was asked for this supporter")
    pledges = await ledger.list_pledges(conn, request.pledge_ids)
    owing = [each for each in pledges if each.status == "payment_failed" and each.lost_at is None]
    if not owing:
        return
    told = PledgesRecoveryReminded(
        event_id=outbox.new_event_id(),
        occurred_at=event.occurred_at,
        campaign=event.campaign,
        notice=pledging.notice(owing),
        recovery=event.recovery,
        number=event.number,
        is_last_day=event.is_last_day,
    )
    await outbox.append(
        conn,
        told,
        key=event.campaign,
        aggregate=f"reminder:{event.charge_id}",
        version=event.number,
    )


async def _lock_what_was_asked(conn: Connection, event: ChargeDeclined | ChargeLost) -> _Asked:
    """Lock the campaign, the request and its pledges, in this order, as everybody does."""
    held = await campaigns.lock_campaigns_shared(conn, [event.campaign])
    request = await closing.lock_charge_request(
        conn, event.campaign, event.supporter_id, event.purpose
    )
    if not held.campaigns or request is None:
        raise NotYet(f"no charge of {event.campaign} was asked for this supporter")
    if request.amount_cents != event.amount_cents:
        raise pledging.LedgerFault(
            f"{event.charge_id} is over {event.amount_cents}, asked were {request.amount_cents}"
        )
    now = await ledger.lock_pledges(conn, request.pledge_ids)
    assert now is not None, "a request names pledges"
    return _Asked(await ledger.list_pledges(conn, request.pledge_ids), now)


async def _record(
    conn: Connection,
    changes: Sequence[Change],
    told: PledgesChargeFailed | PledgesLost,
    now: datetime,
) -> None:
    await ledger.save_changes(conn, changes)
    await outbox.append(
        conn,
        told,
        key=told.campaign,
        aggregate=f"{told.campaign}:{told.notice.supporter_id}",
        version=max(each.pledge.revision for each in changes),
    )
    await change_totals(
        conn,
        told.campaign,
        sum((each.for_totals for each in changes), Figures()),
        pledge_ids=[each.pledge.pledge_id for each in changes],
        now=now,
    )
