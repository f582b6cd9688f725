"""Give back all of a campaign's money: end what is open, refund what was taken.

It ends when no charge can take money any more and Stripe has answered for every refund.
Source: decisions.md, "Refunds"; reliability.md R-25.
"""

from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.domain.refund_plan import Wanted, plan_refunds
from services.settlement.handlers.refund import write_refund
from services.settlement.queries import refund_runs, refunds
from services.settlement.queries.refund_runs import RefundRun, WithPerson

log = telemetry.logger(__name__)

PEOPLE_AT_ONCE = 20
WRITTEN_AT_ONCE = 200


async def begin_round(conn: Connection, run: RefundRun) -> list[WithPerson]:
    """End what is open and write refunds for what was taken, as many as fit one round.

    Return the charges whose supporters may be at the bank. A refund that failed is not made
    again by itself: why it failed is a person's task.
    """
    await refund_runs.give_up_open(conn, run.campaign)
    wanted = Wanted(campaign=run.campaign)
    taken = await refunds.lock_refundable(
        conn, wanted, besides=run.request_id, limit=WRITTEN_AT_ONCE
    )
    for each in plan_refunds(wanted, taken).refunds:
        await write_refund(conn, each, wanted, run.request_id)
    return await refund_runs.list_with_person(conn, run.campaign, limit=PEOPLE_AT_ONCE)


async def end_round(conn: Connection, run: RefundRun) -> bool:
    """End the run if nothing of it is open; tell whether it has ended."""
    if run.ended_at is not None:
        return True
    if await refund_runs.count_open(conn, run.campaign):
        return False
    if await refund_runs.count_undecided(conn, run.campaign):
        return False
    wanted = Wanted(campaign=run.campaign)
    if await refunds.lock_refundable(conn, wanted, besides=run.request_id, limit=1):
        return False
    if await refund_runs.end(conn, run.campaign):
        log.warning("campaign_refund_ended", campaign=run.campaign)
    return True
