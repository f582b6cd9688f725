"""Compare what we hold with what Stripe holds. It only reads there, whatever it finds."""

from datetime import datetime

import msgspec

from contracts.refusals import NotFound
from services.chassis import telemetry
from services.chassis.database import Connection, Pool, transaction
from services.settlement import reconciling
from services.settlement.queries import looks, reconciliations
from services.settlement.queries.reconciliations import KnownBreak, Run
from services.settlement.reconciling import Break, OurCharge, TheirIntent
from services.settlement.stripe_gateway import FAILURES
from services.settlement.stripe_gateway.money import MoneyGateway

log = telemetry.logger(__name__)

BREAKS_SHOWN = 500
RUN_MAX = 2**63 - 1


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A run, and every break that is open after it."""

    run: Run | None
    open_breaks: list[KnownBreak]


async def request_reconciliation(conn: Connection, *, is_dry_run: bool, by: str) -> Report:
    """Have the leader compare now; a dry run keeps nothing but its own report."""
    run_id = await reconciliations.request(conn, is_dry_run=is_dry_run, requested_by=by)
    return await read_report(conn, run_id)


async def read_report(conn: Connection, run_id: int | None) -> Report:
    """Return a run, without a number the newest, and the breaks that are open."""
    is_possible = run_id is None or 0 < run_id <= RUN_MAX
    run = await reconciliations.find_run(conn, run_id) if is_possible else None
    if run is None and run_id is not None:
        raise NotFound("unknown_run", "There is no such reconciliation.")
    return Report(run=run, open_breaks=await reconciliations.list_breaks(conn, limit=BREAKS_SHOWN))


async def run_next(pool: Pool, gateway: MoneyGateway) -> bool:
    """Do the oldest run that is wanted; tell whether there was one.

    Ours is read before and after theirs: a charge that moved meanwhile is no break.
    """
    async with transaction(pool) as conn:
        await reconciliations.request_daily(conn)
        wanted = await reconciliations.next_run(conn)
    if wanted is None:
        return False
    run, since = wanted
    before = await _ours(pool, since)
    try:
        theirs = await _theirs(gateway, since)
    except FAILURES as exc:
        log.warning("reconciliation_failed", run=run.run_id, error=type(exc).__name__)
        async with transaction(pool) as conn:
            await reconciliations.finish(
                conn,
                run.run_id,
                since=since,
                charges=len(before),
                intents=0,
                found=[],
                error=type(exc).__name__,
            )
        return True
    theirs = await _within(pool, since, theirs)
    after = await _ours(pool, since)
    found = reconciling.confirmed(
        reconciling.breaks(before, theirs), reconciling.breaks(after, theirs)
    )
    await _keep(pool, run, since, charges=len(after), intents=len(theirs), found=found)
    return True


async def _keep(
    pool: Pool, run: Run, since: datetime, *, charges: int, intents: int, found: list[Break]
) -> None:
    async with transaction(pool) as conn:
        if not run.is_dry_run:
            await reconciliations.keep_breaks(conn, found)
            await _look_at_refunds(conn, found)
        await reconciliations.finish(
            conn, run.run_id, since=since, charges=charges, intents=intents, found=found
        )
    level = log.error if found else log.info
    level("reconciled", run=run.run_id, charges=charges, intents=intents, breaks=len(found))


async def _look_at_refunds(conn: Connection, found: list[Break]) -> None:
    """Have refunds that nobody told us of read back: they are adopted like any other."""
    named = [
        await reconciliations.intent_of(conn, each.subject)
        for each in found
        if each.kind == "other_refunds"
    ]
    wishes = [
        looks.Wish(kind="refunds", object_id=each, payment_intent_id=each)
        for each in named
        if each is not None
    ]
    if wishes:
        await looks.ask(conn, wishes)


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
