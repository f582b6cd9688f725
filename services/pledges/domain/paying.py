"""What a charge makes of its pledges: paid, declined for now, or lost for good. Pure."""

from datetime import datetime

import msgspec

from contracts.events.settlement import ChargeDeclined, ChargeLost, ChargeSucceeded
from services.pledges.domain.figures import Figures
from services.pledges.domain.pledge import Change, Pledge
from services.pledges.domain.pledging import LedgerFault, entry_of


def charge(pledge: Pledge, paid: ChargeSucceeded, *, now: datetime) -> Change | None:
    """Return the pledge as charged; None when it already is, by that very charge."""
    if pledge.status == "charged":
        if pledge.charge_id == paid.charge_id:
            return None
        raise LedgerFault(f"{pledge.pledge_id} was charged by {pledge.charge_id} before")
    if pledge.status not in ("active", "payment_failed") or pledge.lost_at is not None:
        state = "lost" if pledge.lost_at else pledge.status
        raise LedgerFault(f"{pledge.pledge_id} is {state} and was charged")
    charged = msgspec.structs.replace(
        pledge,
        status="charged",
        revision=pledge.revision + 1,
        updated_at=now,
        charged_at=paid.succeeded_at,
        charge_id=paid.charge_id,
        payment_intent_id=paid.payment_intent_id,
        recovery=None,
    )
    goal = pledge.price.goal_cents
    recovered = goal if pledge.status == "payment_failed" else 0
    delta = Figures(collected_cents=goal, recovering_cents=-recovered)
    entry = entry_of(charged, "charged", f"charged:{paid.charge_id}", delta, now=now)
    return Change(
        pledge=charged,
        entry=msgspec.structs.replace(
            entry,
            charge_id=paid.charge_id,
            payment_intent_id=paid.payment_intent_id,
            charged_cents=pledge.price.total_cents,
        ),
    )


def fail(pledge: Pledge, declined: ChargeDeclined, *, now: datetime) -> Change | None:
    """Return the pledge as payment_failed; None when a success was recorded before.

    News of a decline may arrive after the success of a later attempt: money that was
    collected is never un-collected by it.
    """
    if pledge.status == "charged" or pledge.lost_at is not None:
        return None
    if pledge.status not in ("active", "payment_failed"):
        raise LedgerFault(f"{pledge.pledge_id} is {pledge.status} and was declined")
    failed = msgspec.structs.replace(
        pledge,
        status="payment_failed",
        revision=pledge.revision + 1,
        updated_at=now,
        recovery=declined.recovery,
    )
    recovering = pledge.price.goal_cents if pledge.status == "active" else 0
    cause = f"declined:{declined.charge_id}:{declined.attempt}"
    delta = Figures(recovering_cents=recovering)
    entry = entry_of(failed, "charge_failed", cause, delta, now=now)
    return Change(
        pledge=failed,
        entry=msgspec.structs.replace(
            entry,
            charge_id=declined.charge_id,
            payment_intent_id=declined.payment_intent_id,
            decline_code=declined.decline_code or declined.code,
        ),
    )


def lose(pledge: Pledge, lost: ChargeLost, *, now: datetime) -> Change | None:
    """Return the pledge as lost: it will never be paid. None when it is so already.

    When a campaign gives its money back, that is so for pledges nobody has tried to charge;
    when somebody cancels the PaymentIntent at Stripe, for those nobody heard a decline of.
    Settlement cancelled the PaymentIntent before it said so; money that was collected all
    the same would contradict it, and a person has to look.
    """
    if pledge.lost_at is not None:
        return None
    may_be_active = (
        lost.because in ("refunded", "cancelled_at_stripe") and pledge.status == "active"
    )
    if pledge.status != "payment_failed" and not may_be_active:
        raise LedgerFault(f"{pledge.pledge_id} is {pledge.status} and was lost")
    changed = msgspec.structs.replace(
        pledge,
        status="payment_failed",
        revision=pledge.revision + 1,
        updated_at=now,
        lost_at=lost.lost_at,
        recovery=None,
    )
    goal = pledge.price.goal_cents
    recovered = goal if pledge.status == "payment_failed" else 0
    delta = Figures(recovering_cents=-recovered, lost_cents=goal)
    entry = entry_of(changed, "lost", f"lost:{lost.charge_id}", delta, now=now)
    return Change(pledge=changed, entry=msgspec.structs.replace(entry, charge_id=lost.charge_id))
