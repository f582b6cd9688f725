"""What the leaders do for charges: adopt what Stripe knows, queue what has no message."""

from datetime import timedelta

from services.chassis.storage.database import Connection
from services.settlement.domain.charging import (
    CHECK_SECONDS,
    LEASE,
    PERSON_CHECK_SECONDS,
    AtTheBank,
    Cancelled,
    ChargeRow,
    Declined,
    LeaseLost,
    NotHappened,
    ReadOutcome,
    Succeeded,
    Unknown,
)
from services.settlement.handlers.record_outcomes import record_decline, record_loss, record_success
from services.settlement.handlers.take_requests import queue
from services.settlement.handlers.try_again import try_again
from services.settlement.queries import at_the_bank, attempts, rounds
from services.settlement.queries.looks import ask_what_went_back

CHECKS_AT_ONCE = 20
SWEEP_MAX = 500


async def take_open(conn: Connection, *, limit: int) -> list[ChargeRow]:
    """Lease the charges whose outcome is open and whose next look is due."""
    delays = [timedelta(seconds=seconds) for seconds in CHECK_SECONDS]
    person_delays = [timedelta(seconds=seconds) for seconds in PERSON_CHECK_SECONDS]
    return await rounds.lease_open(conn, LEASE, delays, person_delays, limit=limit)


async def adopt(conn: Connection, charge: ChargeRow, outcome: ReadOutcome) -> None:
    """Make the charge what Stripe says it is.

    An error that is an earlier attempt's says nothing of this one. Known not to have
    happened: chargers may confirm the same attempt again, under its key; a person who is
    at the bank has time. Still unknown: the next look is set.
    """
    intent_id = charge.payment_intent_id
    assert intent_id is not None, "only a known PaymentIntent can be open"
    if isinstance(outcome, AtTheBank) and charge.status == "unknown":
        # Nobody was there to answer: this is how the bank said no.
        outcome = Declined(code="authentication_required", needs_authentication=True)
    if isinstance(outcome, Succeeded):
        await record_success(conn, charge, intent_id, outcome)
        await ask_what_went_back(conn, intent_id)
    elif isinstance(outcome, Cancelled):
        await record_loss(conn, charge, "cancelled_at_stripe")
    elif isinstance(outcome, Declined) and charge.is_own_error(outcome):
        await record_decline(conn, charge, intent_id, outcome)
    elif charge.status == "with_person":
        await _wait_for_person(conn, charge, outcome)
    elif isinstance(outcome, Declined | NotHappened):
        await _resume(conn, charge)
    else:
        await rounds.release(conn, charge.charge_id, charge.lease_token)


async def _wait_for_person(conn: Connection, charge: ChargeRow, outcome: ReadOutcome) -> None:
    """Go on waiting; who is gone for long has come to nothing, and our own tries go on."""
    if not charge.is_person_gone or isinstance(outcome, Unknown):
        await rounds.release(conn, charge.charge_id, charge.lease_token)
        return
    has_new_card = await at_the_bank.give_back(conn, charge.charge_id, charge.lease_token)
    if has_new_card is None:
        raise LeaseLost
    await attempts.abandon_attempt(conn, charge.charge_id)
    if has_new_card:
        await try_again(conn, charge.charge_id, "card")


async def _resume(conn: Connection, charge: ChargeRow) -> None:
    queued = await rounds.resume_sending(conn, charge.charge_id, charge.lease_token)
    if queued is not None:
        await attempts.resume_attempt(conn, charge.charge_id)
        await queue(conn, queued)


async def sweep(conn: Connection, *, is_queue_empty: bool) -> int:
    """Hand over what died in the middle of a call, and queue what is due without a message."""
    await rounds.give_up_lost_leases(conn, limit=SWEEP_MAX)
    due = await rounds.queue_due(conn, is_queue_empty=is_queue_empty, limit=SWEEP_MAX)
    for queued in due:
        await queue(conn, queued)
    return len(due)
