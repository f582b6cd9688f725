"""What the leaders do for charges: adopt what Stripe knows, queue what has no message."""

from datetime import timedelta

from services.chassis.database import Connection
from services.settlement.charging import (
    CHECK_SECONDS,
    LEASE,
    ChargeRow,
    Declined,
    NotHappened,
    ReadOutcome,
    Succeeded,
)
from services.settlement.handlers.make_charge import record_decline, record_success
from services.settlement.handlers.take_requests import queue
from services.settlement.queries import rounds

CHECKS_AT_ONCE = 20
SWEEP_MAX = 500


async def take_unknown(conn: Connection) -> list[ChargeRow]:
    """Lease the unknown charges whose next look is due."""
    delays = [timedelta(seconds=seconds) for seconds in CHECK_SECONDS]
    return await rounds.lease_unknown(conn, LEASE, delays, limit=CHECKS_AT_ONCE)


async def adopt(conn: Connection, charge: ChargeRow, outcome: ReadOutcome) -> None:
    """Make the charge what Stripe says it is.

    Known not to have happened: chargers may confirm the same attempt again. Still
    unknown: the next look is set.
    """
    intent_id = charge.payment_intent_id
    assert intent_id is not None, "only a known PaymentIntent can be unknown"
    if isinstance(outcome, Succeeded):
        await record_success(conn, charge, intent_id, outcome)
    elif isinstance(outcome, Declined):
        await record_decline(conn, charge, intent_id, outcome)
    elif isinstance(outcome, NotHappened):
        await _resume(conn, charge)
    else:
        await rounds.release(conn, charge.charge_id, charge.lease_token)


async def _resume(conn: Connection, charge: ChargeRow) -> None:
    queued = await rounds.resume_sending(conn, charge.charge_id, charge.lease_token)
    if queued is not None:
        await rounds.resume_attempt(conn, charge.charge_id)
        await queue(conn, queued)


async def sweep(conn: Connection, *, is_queue_empty: bool) -> int:
    """Hand over what died in the middle of a call, and queue what is due without a message."""
    await rounds.give_up_lost_leases(conn, limit=SWEEP_MAX)
    due = await rounds.queue_due(conn, is_queue_empty=is_queue_empty, limit=SWEEP_MAX)
    for queued in due:
        await queue(conn, queued)
    return len(due)
