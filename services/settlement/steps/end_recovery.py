"""Try again, remind, and end what was not saved in time."""

import asyncio

from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Pool, transaction
from services.settlement.domain.charging import Cancelled, ChargeRow, EndOutcome, LeaseLost
from services.settlement.handlers import recover, settle_campaigns, try_again
from services.settlement.stripe_gateway.charges import StripeGateway

log = telemetry.logger(__name__)


async def recover_due(pool: Pool, gateway: StripeGateway) -> None:
    """Try again, remind, end and certify, whatever its time has come for."""
    async with transaction(pool) as conn:
        retried = await try_again.try_due_again(conn)
        reminded = await recover.remind_due(conn)
        ending = await recover.take_ending(conn)
        if retried or reminded or ending:
            crash.point("settlement.before_recovery")
    await asyncio.gather(*(_end(pool, gateway, charge) for charge in ending))
    async with transaction(pool) as conn:
        if await settle_campaigns.settle_finished(conn):
            crash.point("settlement.before_settled")


async def _end(pool: Pool, gateway: StripeGateway, charge: ChargeRow) -> None:
    """Cancel the PaymentIntent for good. One that was never made has nothing to cancel."""
    outcome: EndOutcome = Cancelled()
    if charge.payment_intent_id is not None:
        key = f"end:{charge.payment_intent_id}:{charge.lease_token}"
        outcome = await gateway.end(charge.payment_intent_id, key)
    crash.point("settlement.intent_ended")
    try:
        async with transaction(pool) as conn:
            await recover.record_end(conn, charge, outcome)
    except LeaseLost:
        log.warning("charge_lease_lost", charge=charge.charge_id)
