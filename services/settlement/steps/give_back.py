"""Give money back: each refund is written, marked as sent, asked for, recorded."""

import asyncio

import msgspec

from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Pool, transaction
from services.settlement.domain.money_back import Away, Lost, Made, RefundOutcome, RefundRow
from services.settlement.handlers import refund, refund_campaign
from services.settlement.queries import pauses, refund_runs, refund_sending
from services.settlement.queries.refund_runs import RefundRun, WithPerson
from services.settlement.stripe_gateway.money import MoneyGateway


async def give_back(pool: Pool, gateway: MoneyGateway) -> None:
    """Take each campaign's refund and each single refund a step further."""
    async with transaction(pool) as conn:
        is_paused = (await pauses.read(conn)).is_paused
        runs = [] if is_paused else await refund_runs.list_unfinished(conn)
    for run in runs:
        await _take_back(pool, gateway, run)
    async with transaction(pool) as conn:
        due = await refund_sending.lease_due(conn, limit=refund.AT_ONCE)
    await asyncio.gather(*(send_refund(pool, gateway, row) for row in due))


async def _take_back(pool: Pool, gateway: MoneyGateway, run: RefundRun) -> None:
    async with transaction(pool) as conn:
        people = await refund_campaign.begin_round(conn, run)
    crash.point("settlement.refunds_written")
    await asyncio.gather(*(shut_out(pool, gateway, each) for each in people))
    async with transaction(pool) as conn:
        await refund_campaign.end_round(conn, run)


async def send_refund(pool: Pool, gateway: MoneyGateway, row: RefundRow) -> None:
    """Take one refund as far as it goes. What may have been made is looked for first."""
    payment_intent_id = row.parameters["payment_intent"]
    if row.was_sent:
        listed = await gateway.list_refunds(payment_intent_id)
        if isinstance(listed, Away):
            await _record(pool, row, Lost(listed.reason))
            return
        for each in listed:
            if each.refund_id == row.refund_id:
                await _record(pool, row, Made(each))
                return
    async with transaction(pool) as conn:
        serial = await refund_sending.mark_sent(conn, row, is_key_new=row.is_key_used_up)
    if serial is None:
        return
    crash.point("settlement.before_refund")
    renewed = msgspec.structs.replace(row, key_serial=serial)
    outcome = await gateway.refund(row.parameters, renewed.key)
    crash.point("settlement.after_refund")
    await _record(pool, row, outcome)
    crash.point("settlement.refund_recorded")


async def _record(pool: Pool, row: RefundRow, outcome: RefundOutcome) -> None:
    async with transaction(pool) as conn:
        await refund.record_refund(conn, row, outcome)


async def shut_out(pool: Pool, gateway: MoneyGateway, held: WithPerson) -> None:
    """Cancel the PaymentIntent a person could still confirm. What it came to, is read back.

    Each try under a key of its own: to cancel twice does no harm, and Stripe would repeat a
    fault of its own for a day.
    """
    await gateway.end(held.payment_intent_id, f"end:{held.payment_intent_id}:{telemetry.new_id()}")
    async with transaction(pool) as conn:
        await refund_runs.read_soon(conn, held.charge_id)
