"""Look at Stripe for what comes after a charge: fees, refunds, disputes."""

import asyncio

from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Pool, transaction
from services.settlement.domain.money_back import Away, Look, Paid
from services.settlement.handlers import read_money
from services.settlement.handlers.adopt_refunds import NoRoom
from services.settlement.stripe_gateway.money import MoneyGateway

log = telemetry.logger(__name__)


async def look(pool: Pool, gateway: MoneyGateway) -> None:
    """Read back what is due, many at once, and record each answer by itself."""
    async with transaction(pool) as conn:
        taken = await read_money.take_looks(conn)
    await asyncio.gather(*(_look(pool, gateway, due, paid) for due, paid in taken))


async def _look(pool: Pool, gateway: MoneyGateway, due: Look, paid: Paid | None) -> None:
    if paid is None or paid.status != "succeeded":
        async with transaction(pool) as conn:
            await read_money.put_off_stranger(conn, due)
        return
    found: read_money.Finding
    if due.kind == "charge":
        found = await gateway.read_charge(due.object_id)
    elif due.kind == "refunds":
        found = await gateway.list_refunds(due.object_id)
    elif due.kind == "dispute":
        found = await gateway.read_dispute(due.object_id)
    else:
        found = await gateway.read_warning(due.object_id)
    crash.point("settlement.looked")
    try:
        async with transaction(pool) as conn:
            await read_money.record(conn, due, paid, found)
    except NoRoom as exc:
        log.error("refund_without_room", charge=paid.charge_id, error=str(exc))
        async with transaction(pool) as conn:
            await read_money.record(conn, due, paid, Away("no_room"))
