"""Compare what we hold with what Stripe holds. It only reads there, whatever it finds."""

from datetime import datetime

from services.chassis.process import telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.stripe.client import StripeFault
from services.settlement.domain import reconciling
from services.settlement.domain.reconciling import Break, OurCharge, TheirIntent
from services.settlement.handlers import reconcile
from services.settlement.queries import reconciliations
from services.settlement.queries.reconciliations import Run
from services.settlement.stripe_gateway.money import MoneyGateway

log = telemetry.logger(__name__)


async def compare_next(pool: Pool, gateway: MoneyGateway) -> None:
    """Do the oldest run that is wanted, if there is one.

    Ours is read before and after theirs: a charge that moved meanwhile is no break.
    """
    async with transaction(pool) as conn:
        await reconciliations.request_daily(conn)
        wanted = await reconciliations.next_run(conn)
    if wanted is None:
        return
    run, since = wanted
    before = await _ours(pool, since)
    try:
        theirs = await _theirs(gateway, since)
    except StripeFault as exc:
        log.warning("reconciliation_failed", run=run.run_id, error=exc.reason)
        async with transaction(pool) as conn:
            await reconciliations.finish(
                conn,
                run.run_id,
                since=since,
                charges=len(before),
                intents=0,
                found=[],
                error=exc.reason,
            )
        return
    theirs = await _within(pool, since, theirs)
    after = await _ours(pool, since)
    found = reconciling.confirmed(
        reconciling.breaks(before, theirs), reconciling.breaks(after, theirs)
    )
    await _keep(pool, run, since, charges=len(after), intents=len(theirs), found=found)


async def _keep(
    pool: Pool, run: Run, since: datetime, *, charges: int, intents: int, found: list[Break]
) -> None:
    async with transaction(pool) as conn:
        await reconcile.keep_breaks(conn, run, found)
        await reconciliations.finish(
            conn, run.run_id, since=since, charges=charges, intents=intents, found=found
        )
    level = log.error if found else log.info
    level("reconciled", run=run.run_id, charges=charges, intents=intents, breaks=len(found))


async def _ours(pool: Pool, since: datetime) -> list[OurCharge]:
    async with transaction(pool) as conn:
        await reconciliations.allow_long_statements(conn)
        return await reconciliations.list_ours(conn, since)


async def _within(pool: Pool, since: datetime, theirs: list[TheirIntent]) -> list[TheirIntent]:
    """Leave out what belongs to charges from before the window: those are not compared."""
    async with transaction(pool) as conn:
        older = await reconciliations.list_older(
            conn, since, [each.payment_intent_id for each in theirs]
        )
    return [each for each in theirs if each.payment_intent_id not in older]


async def _theirs(gateway: MoneyGateway, since: datetime) -> list[TheirIntent]:
    found: list[TheirIntent] = []
    after: str | None = None
    while True:
        page = await gateway.page_of_intents(since=since - reconciliations.SLACK, after=after)
        found += page.intents
        after = page.after
        if after is None:
            return found
