"""The steps of a charge. Each is one transaction; the calls to Stripe stand between them.

take_charge, (make_ready) → (create) → begin_confirm → (confirm) → record_…; whoever dies on
the way, the next one continues after the last step that was recorded.
"""

import random
from datetime import timedelta

from contracts.ids import ChargeId
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.domain import charging, rate
from services.settlement.domain.charging import (
    CHECK_SECONDS,
    LEASE,
    ConfirmOutcome,
    Declined,
    LeaseLost,
    Postponed,
    Succeeded,
    Unknown,
    Work,
)
from services.settlement.handlers.record_outcomes import record_decline, record_success
from services.settlement.queries import attempts, charges, looks, outcomes

log = telemetry.logger(__name__)


async def take_charge(conn: Connection, charge_id: ChargeId) -> Work | None:
    """Lease a charge that is due, with its attempt written; None: nothing to do now."""
    return await charges.lease_due(conn, charge_id, LEASE, charging.ALWAYS_CONFIRMED_WITH)


async def make_ready(conn: Connection, work: Work) -> Work | None:
    """See to a leased charge whose confirmation cannot simply be sent; None: not now.

    A confirmation that was sent by a process that died is not sent again from here: it
    is unknown, and the janitor reads it back first. A key that is used up is renewed.
    """
    charge_id = work.charge.charge_id
    if work.attempt.was_sent:
        token = work.charge.lease_token
        await outcomes.mark_unknown(conn, charge_id, token, check_in=timedelta(0))
        await attempts.mark_attempt_unknown(
            conn, charge_id, because="lease_expired", is_key_spent=False
        )
        return None
    await attempts.renew_confirm_key(conn, charge_id)
    return Work(work.charge, await attempts.find_attempt(conn, charge_id))


async def renew_create_key(conn: Connection, work: Work) -> Work:
    """Begin a new key, after Stripe was searched and does not have the PaymentIntent."""
    charge = work.charge
    _require_lease(await charges.renew_create_key(conn, charge.charge_id, charge.lease_token))
    return Work(charging.with_new_create_key(charge), work.attempt)


async def begin_confirm(conn: Connection, work: Work, payment_intent_id: str) -> None:
    """Keep the PaymentIntent's id, and write that its confirmation is about to be sent."""
    charge = work.charge
    _require_lease(
        await charges.begin_confirm(
            conn, charge.charge_id, charge.lease_token, payment_intent_id, LEASE
        )
    )


async def record_not_created(conn: Connection, work: Work, outcome: Declined | Postponed) -> None:
    """Write why there is no PaymentIntent."""
    if isinstance(outcome, Declined):
        await record_decline(conn, work.charge, "", outcome)
    else:
        await record_postponed(conn, work, outcome)


async def record_confirmed(
    conn: Connection, work: Work, payment_intent_id: str, outcome: ConfirmOutcome
) -> None:
    """Write what became of a confirmation; `look_after.adopt` does so for one read back."""
    if isinstance(outcome, Succeeded):
        await record_success(conn, work.charge, payment_intent_id, outcome)
        if work.is_create_key_used_up:
            # Found at Stripe, where it may have been paid before a restore.
            await looks.ask_what_went_back(conn, payment_intent_id)
    elif isinstance(outcome, Declined):
        await record_decline(conn, work.charge, payment_intent_id, outcome)
    elif isinstance(outcome, Unknown):
        await record_unknown(conn, work, outcome)
    else:
        await record_postponed(conn, work, outcome)


async def record_postponed(conn: Connection, work: Work, outcome: Postponed) -> None:
    """Put the charge off. No attempt is used up: this was not the card's fault."""
    charge = work.charge
    # Spreads the load; nothing secret depends on it.
    jitter = random.random()  # noqa: S311
    wait = rate.postponed_seconds(charge.postponed, jitter=jitter)
    _require_lease(
        await outcomes.postpone(
            conn,
            charge.charge_id,
            charge.lease_token,
            because=outcome.reason,
            wait=timedelta(seconds=wait),
            is_key_spent=outcome.is_key_spent,
        )
    )
    await attempts.mark_not_sent(conn, charge.charge_id, is_key_spent=outcome.is_key_spent)
    log.warning("charge_postponed", charge=charge.charge_id, because=outcome.reason)


async def record_unknown(conn: Connection, work: Work, outcome: Unknown) -> None:
    """Hand the charge to the janitor, who reads it back."""
    charge = work.charge
    check_in = timedelta(seconds=CHECK_SECONDS[0])
    _require_lease(
        await outcomes.mark_unknown(conn, charge.charge_id, charge.lease_token, check_in=check_in)
    )
    await attempts.mark_attempt_unknown(
        conn, charge.charge_id, because=outcome.reason, is_key_spent=outcome.is_key_spent
    )
    log.warning("charge_unknown", charge=charge.charge_id, because=outcome.reason)


def _require_lease(is_ours: bool) -> None:
    if not is_ours:
        raise LeaseLost
