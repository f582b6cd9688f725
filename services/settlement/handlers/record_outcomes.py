"""Write what became of a charge and tell everybody, in one transaction each."""

from contracts.events.settlement import ChargeDeclined, ChargeLost, ChargeSucceeded, LostBecause
from contracts.recovery import DeclineClass, Recovery
from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.domain import recovery
from services.settlement.domain.charging import ChargeRow, Declined, LeaseLost, Succeeded
from services.settlement.domain.recovery import Tried
from services.settlement.handlers.try_again import try_again
from services.settlement.queries import attempts, outcomes
from services.settlement.queries import recovery as queries
from services.settlement.queries.attempts import FinishedAttempt
from services.settlement.queries.outcomes import DeclinedCharge

log = telemetry.logger(__name__)


async def record_success(
    conn: Connection, charge: ChargeRow, payment_intent_id: str, outcome: Succeeded
) -> None:
    """Write the success, whoever it came from: an attempt of ours, or a person at the bank."""
    saved = await outcomes.save_success(
        conn, charge.charge_id, charge.lease_token, outcome.stripe_charge_id
    )
    if saved is None:
        raise LeaseLost
    now = saved.decided_at
    if not saved.had_attempt:
        await attempts.insert_attempt(conn, charge.charge_id, "person", {}, state="succeeded")
    event = ChargeSucceeded(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        charge_id=charge.charge_id,
        campaign=charge.campaign,
        supporter_id=charge.supporter_id,
        purpose=charge.purpose,
        amount_cents=charge.amount_cents,
        payment_intent_id=payment_intent_id,
        stripe_charge_id=outcome.stripe_charge_id,
        succeeded_at=now,
    )
    await outbox.append(
        conn, event, key=charge.campaign, aggregate=charge.charge_id, version=saved.version
    )
    log.info("charge_succeeded", charge=charge.charge_id, campaign=charge.campaign)


async def record_decline(
    conn: Connection, charge: ChargeRow, payment_intent_id: str, outcome: Declined
) -> None:
    """Write the definite no, and what follows from it. Without a PaymentIntent its id is empty.

    A card that came meanwhile is tried at once.
    """
    because = recovery.classify(outcome)
    saved, finished, tried = await _save_decline(conn, charge, because, outcome)
    planned = await _plan_recovery(conn, charge, because, tried)
    event = ChargeDeclined(
        event_id=outbox.new_event_id(),
        occurred_at=saved.decided_at,
        charge_id=charge.charge_id,
        campaign=charge.campaign,
        supporter_id=charge.supporter_id,
        purpose=charge.purpose,
        amount_cents=charge.amount_cents,
        payment_intent_id=payment_intent_id,
        attempt=finished.attempt,
        code=outcome.code,
        decline_code=outcome.decline_code,
        needs_authentication=outcome.needs_authentication,
        declined_at=saved.decided_at,
        recovery=planned,
        is_quiet=recovery.is_quiet(
            finished.kind, is_tried_at_once=saved.has_new_card, because=because
        ),
    )
    await outbox.append(
        conn, event, key=charge.campaign, aggregate=charge.charge_id, version=saved.version
    )
    log.info("charge_declined", charge=charge.charge_id, code_name=outcome.code)
    if saved.has_new_card:
        await try_again(conn, charge.charge_id, "card")


async def record_loss(conn: Connection, charge: ChargeRow, because: LostBecause) -> None:
    """Write that the charge can never succeed any more."""
    await attempts.abandon_attempt(conn, charge.charge_id)
    loss = await queries.save_loss(conn, charge.charge_id, charge.lease_token, because)
    if loss is None:
        raise LeaseLost
    event = ChargeLost(
        event_id=outbox.new_event_id(),
        occurred_at=loss.decided_at,
        charge_id=charge.charge_id,
        campaign=charge.campaign,
        supporter_id=charge.supporter_id,
        purpose=charge.purpose,
        amount_cents=charge.amount_cents,
        because=loss.lost_because,
        lost_at=loss.decided_at,
    )
    await outbox.append(
        conn, event, key=charge.campaign, aggregate=charge.charge_id, version=loss.version
    )
    log.info("charge_lost", charge=charge.charge_id, because=loss.lost_because)


async def _plan_recovery(
    conn: Connection, charge: ChargeRow, because: DeclineClass, tried: Tried
) -> Recovery:
    """Set when it is tried again and when the supporter hears of it; return what is told."""
    next_attempt_at = recovery.next_attempt(because, tried)
    await outcomes.set_calendar(
        conn,
        charge.charge_id,
        next_attempt_at=next_attempt_at,
        next_reminder_at=recovery.next_reminder(
            tried.began_at, tried.ends_at, tried.zone, after=tried.declined_at
        ),
    )
    return recovery.recovery_of(because, tried.ends_at, next_attempt_at)


async def _save_decline(
    conn: Connection, charge: ChargeRow, because: DeclineClass, outcome: Declined
) -> tuple[DeclinedCharge, FinishedAttempt, Tried]:
    """Write the decline to the charge and to its attempt; return both, and the recovery's times."""
    window = await outcomes.read_window(conn, charge.campaign)
    saved = await outcomes.save_decline(
        conn,
        charge.charge_id,
        charge.lease_token,
        because=because,
        known_error=outcome.fingerprint,
        now=window.now,
        ends_at=recovery.window_end(because, window.now, window.days, window.zone),
    )
    if saved is None:
        raise LeaseLost
    finished = await attempts.decline_attempt(
        conn, charge.charge_id, outcome, because=because, decided_at=saved.decided_at
    )
    assert finished is not None, "what was declined was tried"
    tried = Tried(
        began_at=saved.first_declined_at,
        declined_at=saved.decided_at,
        ends_at=saved.recovery_ends_at,
        zone=window.zone,
        automatic=finished.automatic,
    )
    return saved, finished, tried
