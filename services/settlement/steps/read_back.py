"""Read back a charge whose outcome is open, and adopt what Stripe says."""

from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Pool, transaction
from services.settlement.domain.charging import ChargeRow, LeaseLost
from services.settlement.handlers import look_after
from services.settlement.stripe_gateway.charges import StripeGateway

log = telemetry.logger(__name__)


async def read_back(pool: Pool, gateway: StripeGateway, charge: ChargeRow) -> None:
    assert charge.payment_intent_id is not None
    outcome = await gateway.read(charge.payment_intent_id)
    crash.point("settlement.unknown_read")
    try:
        async with transaction(pool) as conn:
            await look_after.adopt(conn, charge, outcome)
    except LeaseLost:
        log.warning("charge_lease_lost", charge=charge.charge_id)
    crash.point("settlement.unknown_adopted")
