"""Chargers on several machines: together they are no faster than the account may be."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable

import pytest
import redis

from contracts.ids import ChargeId
from deploy.bench.asked import by_endpoint, fullest_second
from tests.settlement.builders import AMOUNT, due
from tests.settlement.process import declared, environment, running, speaking
from tests.settlement.runs import Settlement
from tests.settlement.sandbox import Sandbox
from tests.support.stack import Database

CHARGERS = 3
CHARGES_PER_SECOND = 20
# Stripe's own limit for one operation. Source: peers.md 5.2.
ENDPOINT_PER_SECOND = 25


@pytest.fixture
async def chargers(
    database: Database, nats_url: str, redis_url: str, stripe: Sandbox
) -> AsyncIterator[None]:
    """Several chargers, as processes, and nobody else."""
    with contextlib.ExitStack() as stack:
        for _ in range(CHARGERS):
            environ = environment(
                database,
                nats_url,
                redis_url,
                stripe,
                SETTLEMENT_CHARGES_PER_SECOND=str(CHARGES_PER_SECOND),
                STRIPE_REQUESTS_PER_SECOND="80",
                STRIPE_PROCESSES="10",
            )
            stack.enter_context(running(environ, "charger"))
        await declared(nats_url)
        yield


async def _charge(run: Settlement, nats_url: str, charge_ids: Iterable[ChargeId]) -> None:
    """Wake the chargers for everybody at once, twice, and wait until all is decided."""
    async with speaking(nats_url) as ledger:
        for charge_id in charge_ids:
            await ledger.say(due(charge_id, run.slug), run.slug, times=2)
        limit = time.monotonic() + 90
        while await run.undecided():
            assert time.monotonic() < limit, "not decided in time"
            # Nobody sweeps here: what was put off is told again.
            for charge_id in await _put_off(run):
                await ledger.say(due(charge_id, run.slug), run.slug)
            await asyncio.sleep(0.25)


async def _put_off(run: Settlement) -> list[ChargeId]:
    rows = await run.owner.fetch(
        """
        UPDATE charges
        SET due_at = clock_timestamp()
        WHERE postponed > 0 AND status = 'sending' AND lease_until < clock_timestamp()
          AND due_at > clock_timestamp()
        RETURNING charge_id
        """
    )
    return [row["charge_id"] for row in rows]


async def test_three_chargers_are_together_no_faster_than_the_account_may_be(
    chargers: None, run: Settlement, nats_url: str, stripe: Sandbox
) -> None:
    charge_ids = await run.ask(*(stripe.saved_card() for _ in range(60)))
    stripe.faults(latency_ms=100, endpoint_rate_limit_per_second=ENDPOINT_PER_SECOND)
    began = time.time()

    await _charge(run, nats_url, charge_ids)

    asked = [each for each in stripe.requests() if each["at"] >= began]
    seen = by_endpoint(asked)
    fullest = {name: fullest_second([each["at"] for each in one]) for name, one in seen.items()}
    assert stripe.charged(run.slug) == [AMOUNT] * 60
    assert set(fullest) == {"POST payment_intents", "POST payment_intents/{}/confirm"}
    assert max(fullest.values()) <= ENDPOINT_PER_SECOND
    assert [each["status"] for each in asked].count(429) == 0
    assert len(asked) == 2 * 60, "nobody was asked twice"


async def test_told_to_be_slower_all_of_them_are_and_the_same_attempt_goes_on(
    chargers: None, run: Settlement, nats_url: str, redis_url: str, stripe: Sandbox
) -> None:
    charge_ids = await run.ask(*(stripe.saved_card() for _ in range(30)))
    stripe.faults(endpoint_rate_limit_per_second=CHARGES_PER_SECOND // 2)
    began = time.time()

    await _charge(run, nats_url, charge_ids)

    asked = [each for each in stripe.requests() if each["at"] >= began]
    refused = [each for each in asked if each["status"] == 429]
    with redis.Redis.from_url(redis_url) as server:
        assert server.exists("stripe:slow")
    assert refused
    # At half the pace there is nothing to refuse any more, but for what was under way.
    assert len(refused) < len(charge_ids)
    assert stripe.charged(run.slug) == [AMOUNT] * 30
    assert len(stripe.intents(run.slug)) == 30
    assert {attempt for attempt, _ in await run.attempts()} == {1}, "being too fast is no decline"
