"""Record what a look at Stripe found about a charge of ours: its fee, refunds, disputes."""

from datetime import timedelta
from typing import assert_never

from contracts.events.settlement import Disputed, FeesKnown
from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.domain.money_back import (
    FEE_LOOKS,
    STRANGER_LOOKS,
    Away,
    Gone,
    Look,
    Paid,
    StripeCharge,
    StripeDispute,
    StripeRefund,
)
from services.settlement.handlers.adopt_refunds import adopt_refunds
from services.settlement.queries import looks

log = telemetry.logger(__name__)

LOOKS_AT_ONCE = 20
AWAY_SECONDS = 30
Finding = StripeCharge | StripeDispute | list[StripeRefund] | Gone | Away


async def take_looks(conn: Connection) -> list[tuple[Look, Paid | None]]:
    """Lease the looks that are due, each with the charge it is about, if that is known."""
    await looks.ask_for_missing_fees(conn, FEE_LOOKS[0])
    due = await looks.lease_due(conn, limit=LOOKS_AT_ONCE)
    return [(look, await looks.find_paid(conn, look)) for look in due]


async def put_off_stranger(conn: Connection, look: Look) -> None:
    """Look again later at what belongs to no charge of ours that succeeded; then give up.

    Stripe's news may come before our own record of the success. The account may also take
    money that is none of our business.
    """
    if look.tries > len(STRANGER_LOOKS):
        log.warning("look_given_up", kind=look.kind, object_id=look.object_id)
        await looks.finish(conn, look, "not_ours")
        return
    await looks.look_again(conn, look, timedelta(seconds=STRANGER_LOOKS[look.tries - 1]))


async def record(conn: Connection, look: Look, paid: Paid, found: Finding) -> None:
    """Write what was found, if it is news, and end the look or set the next one."""
    match found:
        case Away():
            await looks.look_again(conn, look, timedelta(seconds=AWAY_SECONDS))
        case Gone():
            log.error("gone_at_stripe", kind=look.kind, object_id=look.object_id)
            await looks.finish(conn, look, "gone")
        case StripeCharge(financials=None):
            place = min(look.tries, len(FEE_LOOKS)) - 1
            await looks.look_again(conn, look, FEE_LOOKS[place])
        case StripeCharge():
            await _record_fees(conn, paid, found)
            await looks.finish(conn, look, "recorded")
        case StripeDispute():
            await _record_dispute(conn, paid, found)
            await looks.finish(conn, look, "recorded")
        case list():
            await adopt_refunds(conn, paid, found)
            await looks.finish(conn, look, "recorded")
        case _:
            assert_never(found)


async def _record_fees(conn: Connection, paid: Paid, found: StripeCharge) -> None:
    assert found.financials is not None
    at = await looks.insert_fees(conn, paid, found.stripe_charge_id, found.financials)
    if at is None:
        return
    event = FeesKnown(
        event_id=outbox.new_event_id(),
        occurred_at=at,
        charge_id=paid.charge_id,
        campaign=paid.campaign,
        supporter_id=paid.supporter_id,
        purpose=paid.purpose,
        stripe_charge_id=found.stripe_charge_id,
        balance_transaction_id=found.financials.balance_transaction_id,
        gross_cents=found.financials.gross_cents,
        fee_cents=found.financials.fee_cents,
        net_cents=found.financials.net_cents,
        currency=found.financials.currency,
        available_at=found.financials.available_at,
    )
    await outbox.append(
        conn, event, key=paid.campaign, aggregate=f"fees:{paid.charge_id}", version=1
    )


async def _record_dispute(conn: Connection, paid: Paid, found: StripeDispute) -> None:
    kept = await looks.upsert_dispute(conn, paid, found)
    if kept is None:
        return
    version, at = kept
    event = Disputed(
        event_id=outbox.new_event_id(),
        occurred_at=at,
        dispute_id=found.dispute_id,
        version=version,
        charge_id=paid.charge_id,
        campaign=paid.campaign,
        supporter_id=paid.supporter_id,
        purpose=paid.purpose,
        kind=found.kind,
        status=found.status,
        reason=found.reason,
        amount_cents=found.amount_cents,
        withdrawn_cents=found.withdrawn_cents,
        dispute_fee_cents=found.dispute_fee_cents,
        currency=found.currency,
        evidence_due_at=found.evidence_due_at,
        updated_at=at,
    )
    await outbox.append(
        conn,
        event,
        key=paid.campaign,
        aggregate=f"dispute:{found.dispute_id}",
        version=version,
    )
    log.warning("charge_disputed", dispute=found.dispute_id, kind=found.kind, status=found.status)
