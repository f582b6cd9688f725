"""Charge one supporter: each step is recorded before the next, and Stripe is asked between two."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from contracts.ids import ChargeId
from contracts.refusals import Unavailable
from services.chassis.events.messages import database_is_back
from services.chassis.process import crash, telemetry
from services.chassis.storage.database import DATABASE_BUSY, Connection, Pool, single, transaction
from services.settlement.domain.charging import (
    LEASE,
    Created,
    CreateOutcome,
    Declined,
    FindOutcome,
    LeaseLost,
    Postponed,
    Work,
)
from services.settlement.handlers import make_charge
from services.settlement.stripe_gateway.charges import StripeGateway

log = telemetry.logger(__name__)


async def charge(pool: Pool, gateway: StripeGateway, charge_id: ChargeId) -> None:
    """Take one charge as far as it goes: three steps, each recorded before the next."""
    async with single(pool) as conn:
        work = await make_charge.take_charge(conn, charge_id)
    if work is not None and not work.is_ready:
        async with transaction(pool) as conn:
            work = await make_charge.make_ready(conn, work)
    if work is None:
        return
    crash.point("settlement.leased")
    try:
        intent_id = work.charge.payment_intent_id or await create(pool, gateway, work)
        if intent_id is not None:
            await confirm(pool, gateway, work, intent_id)
    except LeaseLost:
        log.warning("charge_lease_lost", charge=charge_id)


async def create(pool: Pool, gateway: StripeGateway, work: Work) -> str | None:
    """Return the id of the charge's PaymentIntent, not yet recorded; None: not today."""
    charge = work.charge
    outcome: FindOutcome | CreateOutcome | None = None
    if work.is_create_key_used_up:
        since = charge.create_keyed_at
        outcome = await gateway.find(charge.customer_id, charge.charge_id, since=since)
        if not isinstance(outcome, Created | Postponed):
            async with transaction(pool) as conn:
                work = await make_charge.renew_create_key(conn, work)
            outcome = None
    if outcome is None:
        outcome = await gateway.create(charge.create_parameters, work.create_key)
        crash.point("settlement.after_create")
    if isinstance(outcome, Created):
        return outcome.payment_intent_id
    assert isinstance(outcome, Declined | Postponed)
    none = outcome
    await _record(pool, lambda conn: make_charge.record_not_created(conn, work, none))
    return None


async def confirm(pool: Pool, gateway: StripeGateway, work: Work, intent_id: str) -> None:
    """Record the PaymentIntent, confirm it, record the outcome."""
    await _record(
        pool, lambda conn: make_charge.begin_confirm(conn, work, intent_id), within=single
    )
    crash.point("settlement.before_confirm")
    outcome = await gateway.confirm(
        intent_id, work.attempt.confirm_parameters, work.confirm_key(intent_id)
    )
    crash.point("settlement.after_confirm")
    await _record(pool, lambda conn: make_charge.record_confirmed(conn, work, intent_id, outcome))
    crash.point("settlement.after_record")


async def _record(
    pool: Pool,
    write: Callable[[Connection], Awaitable[None]],
    *,
    within: Callable[[Pool], AbstractAsyncContextManager[Connection]] = transaction,
) -> None:
    """Write what we know and nobody else does, as soon as Postgres lets us.

    Given up with the lease: from then on somebody else reads it back at Stripe.
    """
    limit = time.monotonic() + LEASE.total_seconds()
    while True:
        try:
            async with within(pool) as conn:
                await write(conn)
                return
        except (*DATABASE_BUSY, Unavailable):
            if time.monotonic() > limit:
                raise
            await database_is_back(pool)
