"""Compare what we hold with what Stripe holds. It only reads there, whatever it finds."""

import msgspec

from contracts.refusals import NotFound
from services.chassis.storage.database import Connection
from services.settlement.domain.reconciling import Break
from services.settlement.handlers.pass_bank import watch_person
from services.settlement.queries import looks, pauses, reconciliations, stripe_events
from services.settlement.queries.reconciliations import KnownBreak, Run

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


async def keep_breaks(conn: Connection, run: Run, found: list[Break]) -> None:
    """Keep what a run found, unless it is a dry one.

    Refunds that nobody told us of are read back: they are adopted like any other. After a
    restore so is every charge of which Stripe knows more.
    """
    if run.is_dry_run:
        return
    await reconciliations.keep_breaks(conn, found)
    if await pauses.is_recovering(conn):
        await _adopt(conn, [each.subject for each in found if each.kind == "other_status"])
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


async def _adopt(conn: Connection, charge_ids: list[str]) -> None:
    """Have charges read back that stand differently at Stripe, as its own news would."""
    named = [await reconciliations.intent_of(conn, each) for each in sorted(charge_ids)]
    intents = [each for each in named if each is not None]
    for charge_id in await stripe_events.list_declined(conn, intents):
        await watch_person(conn, charge_id)
    await stripe_events.look_now(conn, intents)
