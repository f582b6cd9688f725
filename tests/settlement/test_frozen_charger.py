"""A charger's process stands still inside its call, and goes on when others have done its work."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator

from services.settlement.schedules import charges
from tests.settlement.builders import AMOUNT, due, outbox_events
from tests.settlement.process import Ledger, declared, environment, running, speaking
from tests.settlement.runs import Settlement
from tests.settlement.sandbox import Sandbox
from tests.settlement.test_service import a_charger
from tests.support.stack import Database

SUPPORTERS = 12
OTHERS = 7
IN_THE_CALL = "SELECT count(*) FROM charge_attempts WHERE sent_at IS NOT NULL AND state = 'sending'"


@contextlib.asynccontextmanager
async def _time_goes_by(run: Settlement, ledger: Ledger) -> AsyncIterator[None]:
    """Let leases end and delays be over, as a minute of standing still would.

    Who is due is said again, as the sweeper does.
    """

    async def passing() -> None:
        while True:
            await run.time_passes()
            await charges.reader(run.pool, run.gateway).finish()
            for charge_id in await run.undecided():
                await ledger.say(due(charge_id, run.slug), run.slug, times=5)
            await asyncio.sleep(0.2)

    task = asyncio.create_task(passing())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _until(run: Settlement, query: str, wanted: int, *, seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while (found := await run.pool.fetchval(query)) < wanted:
        assert time.monotonic() < limit, f"{query}: {found}, not {wanted}"
        await asyncio.sleep(0.05)


async def test_eight_chargers_every_message_five_times_and_one_process_frozen_in_its_call(
    database: Database, run: Settlement, nats_url: str, redis_url: str, stripe: Sandbox
) -> None:
    charge_ids = await run.ask(*(stripe.saved_card() for _ in range(SUPPORTERS)))
    environ = environment(database, nats_url, redis_url, stripe)
    stripe.faults(latency_ms=2_000)
    async with contextlib.AsyncExitStack() as stack:
        sleeper = stack.enter_context(running(environ, "charger"))
        ledger = await stack.enter_async_context(speaking(nats_url))
        await declared(nats_url)
        for charge_id in charge_ids:
            await ledger.say(due(charge_id, run.slug), run.slug, times=5)
        await _until(run, IN_THE_CALL, 1)
        os.kill(sleeper.process.pid, signal.SIGSTOP)
        stripe.faults(latency_ms=0)
        for _ in range(OTHERS):
            await stack.enter_async_context(a_charger(database, nats_url, stripe))
        async with _time_goes_by(run, ledger):
            await _until(run, "SELECT count(*) FROM charges WHERE status = 'succeeded'", SUPPORTERS)
        before = await run.owner.fetch("SELECT * FROM charges ORDER BY charge_id")
        os.kill(sleeper.process.pid, signal.SIGCONT)
        # It ends what it had in hand before it ends.
        assert sleeper.stop() == 0

    assert await run.owner.fetch("SELECT * FROM charges ORDER BY charge_id") == before
    assert stripe.charged(run.slug) == [AMOUNT] * SUPPORTERS
    assert len(stripe.intents(run.slug)) == SUPPORTERS
    assert len(await outbox_events(run.owner, "settlement.charge_succeeded")) == SUPPORTERS
