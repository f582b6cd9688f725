"""What happens to declined charges by themselves: another card, reminders, and the end."""

from contracts.events.pledges import PledgeCardChanged, PledgeSnapshot
from contracts.events.settlement import RecoveryReminderDue
from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.domain import recovery
from services.settlement.domain.charging import LEASE, Cancelled, ChargeRow, EndOutcome, Succeeded
from services.settlement.domain.recovery import AUTOMATIC_MAX, PERSON_MAX, RULES
from services.settlement.handlers.record_outcomes import record_loss, record_success
from services.settlement.handlers.try_again import try_again
from services.settlement.queries import at_the_bank, copies, notices, outcomes, rounds
from services.settlement.queries import recovery as queries
from services.settlement.queries.recovery import Reminder

log = telemetry.logger(__name__)

REMINDERS_MAX = 100
ENDINGS_MAX = 20


async def hear_card(conn: Connection, event: PledgeCardChanged) -> None:
    """Keep the pledge's card, and let its charge use it. Older news changes nothing."""
    await notices.save_snapshots(conn, [event.pledge])
    if await copies.save_copies(conn, [event.pledge]):
        await _take_card(conn, event.pledge)


async def remind_due(conn: Connection) -> int:
    """Say whose reminder has come; return how many."""
    reminders = await queries.take_reminders(conn, limit=REMINDERS_MAX)
    for each in reminders:
        await _remind(conn, each)
    return len(reminders)


async def take_ending(conn: Connection) -> list[ChargeRow]:
    """Lease charges whose window is over. Nothing is tried with them from here on."""
    return await queries.lease_ending(conn, LEASE, limit=ENDINGS_MAX)


async def record_end(conn: Connection, charge: ChargeRow, outcome: EndOutcome) -> None:
    """Write what Stripe says at the end: lost, or a success that we had not heard of.

    Without an answer it stays `ending` and is asked again: nobody is told that they lost
    what they may have paid for.
    """
    if isinstance(outcome, Succeeded):
        assert charge.payment_intent_id is not None
        await record_success(conn, charge, charge.payment_intent_id, outcome)
    elif isinstance(outcome, Cancelled):
        await record_loss(conn, charge, "window_ended")
    else:
        await rounds.release(conn, charge.charge_id, charge.lease_token)


async def _remind(conn: Connection, due: Reminder) -> None:
    zone = (await outcomes.read_window(conn, due.campaign)).zone
    event = RecoveryReminderDue(
        event_id=outbox.new_event_id(),
        occurred_at=due.now,
        charge_id=due.charge_id,
        campaign=due.campaign,
        supporter_id=due.supporter_id,
        purpose=due.purpose,
        recovery=recovery.recovery_of(due.because, due.recovery_ends_at, due.next_attempt_at),
        number=due.reminders,
        is_last_day=recovery.is_last_day(due.now, due.recovery_ends_at, zone),
    )
    await outbox.append(conn, event, key=due.campaign, aggregate=due.charge_id, version=due.version)
    await outcomes.set_calendar(
        conn,
        due.charge_id,
        next_attempt_at=due.next_attempt_at,
        next_reminder_at=recovery.next_reminder(
            due.first_declined_at, due.recovery_ends_at, zone, after=due.now
        ),
    )


async def _take_card(conn: Connection, pledge: PledgeSnapshot) -> None:
    """Let a charge use the card its pledge has now. One that was declined is tried at once.

    While an attempt is in flight the card waits for its answer. A card that its bank
    renewed gets one more try, where the old data was what was wrong. A card of another
    customer can't pay: a PaymentIntent keeps its customer, and a charge its PaymentIntent,
    without which it could be paid twice. An operator has to know.
    """
    offered = await queries.take_card(conn, pledge, is_other=True)
    if offered is not None:
        if offered.status == "declined" and offered.by_person < PERSON_MAX:
            await try_again(conn, offered.charge_id, "card")
        return
    stuck = await at_the_bank.find_of_other_customer(conn, pledge)
    if stuck is not None:
        log.error("card_of_another_customer", charge=stuck, pledge=pledge.pledge_id)
        return
    renewed = await queries.take_card(conn, pledge, is_other=False)
    if renewed is None or renewed.status != "declined" or renewed.because is None:
        return
    if RULES.classes[renewed.because].after_renewal and renewed.automatic < AUTOMATIC_MAX:
        await try_again(conn, renewed.charge_id, "renewed")
