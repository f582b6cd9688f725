"""Give back all of a campaign's money: end what is open, refund what was taken.

It ends when no charge can take money any more and Stripe has answered for every refund.
Source: decisions.md, "Refunds"; reliability.md R-25.
"""

from services.chassis import crash, telemetry
from services.chassis.database import Connection, Pool, transaction
from services.settlement.handlers.refund import write_refund
from services.settlement.money_back import Wanted, plan_refunds
from services.settlement.queries import refund_runs, refunds
from services.settlement.queries.refund_runs import OpenIntent, RefundRun
from services.settlement.stripe_money import MoneyGateway

log = telemetry.logger(__name__)

CANCELS_AT_ONCE = 20
WRITTEN_AT_ONCE = 200


async def begin_round(conn: Connection, run: RefundRun) -> tuple[int, list[OpenIntent]]:
    """Fence what is open and write refunds for what was taken, as many as fit one round.

    Return how many were written, and what is to be cancelled. A refund that failed is not
    made again by itself: why it failed is a person's task.
    """
    await refund_runs.fence(conn, run.campaign)
    wanted = Wanted(campaign=run.campaign)
    taken = await refunds.lock_refundable(
        conn, wanted, besides=run.request_id, limit=WRITTEN_AT_ONCE
    )
    plan = plan_refunds(wanted, taken)
    for each in plan.refunds:
        await write_refund(conn, each, wanted, run.request_id)
    intents = await refund_runs.list_open_intents(conn, run.campaign, limit=CANCELS_AT_ONCE)
    return len(plan.refunds), intents


async def cancel_intent(pool: Pool, gateway: MoneyGateway, intent: OpenIntent) -> None:
    """Cancel one PaymentIntent at Stripe. A success found there is adopted, and refunded."""
    ending = await gateway.cancel_intent(intent.payment_intent_id)
    crash.point("settlement.intent_cancelled")
    async with transaction(pool) as conn:
        if ending == "cancelled":
            await refund_runs.insert_cancelled(conn, intent)
        elif ending == "succeeded":
            log.warning("paid_while_refunding", charge=intent.charge_id)
            await refund_runs.adopt_late(conn, intent)


async def end_round(conn: Connection, run: RefundRun) -> bool:
    """End the run if nothing of it is open; tell whether it has ended."""
    if run.ended_at is not None:
        return True
    if await refund_runs.count_open(conn, run.campaign):
        return False
    if await refund_runs.count_undecided(conn, run.campaign):
        return False
    if await refund_runs.end(conn, run.campaign):
        log.warning("campaign_refund_ended", campaign=run.campaign)
    return True
