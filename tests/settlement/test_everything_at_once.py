"""A campaign gives everything back while its supporters pay in every way there is."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

from services.chassis.database import transaction
from services.settlement.handlers import refund
from services.settlement.handlers.pass_bank import watch_person
from services.settlement.schedules import money as money_schedules
from services.settlement.stripe_gateway import StripeAway
from tests.settlement.aftermath import Aftermath
from tests.settlement.builders import AMOUNT
from tests.settlement.sandbox import DECLINED, GOOD, NEEDS_PERSON

SUPPORTERS = 36
AT_ONCE = 6
KINDS = (GOOD, DECLINED, NEEDS_PERSON)


async def pay_at_the_bank(after: Aftermath, charge_id: str) -> None:
    """Do what a person does whose bank wants to see them, as far as they get."""
    row = await after.run.pool.fetchrow(
        "SELECT payment_intent_id, payment_method_id FROM charges WHERE charge_id = $1", charge_id
    )
    if row is None or row["payment_intent_id"] is None:
        return
    intent_id = row["payment_intent_id"]
    try:
        secret, _ = await after.gateway.read_secret(intent_id)
    except StripeAway:
        return
    async with transaction(after.run.pool) as conn:
        if not await watch_person(conn, charge_id):
            return
    wanted = {"clientSecret": secret, "paymentMethod": row["payment_method_id"]}
    # Whatever is answered: it may have been cancelled under their hands.
    await asyncio.to_thread(after.stripe.http.post, "/elements/confirm-payment", json=wanted)
    path = f"/sandbox/payment-intents/{intent_id}/authenticate"
    await asyncio.to_thread(after.stripe.http.post, path, json={"succeed": True})


async def test_nobody_keeps_or_loses_a_cent_whatever_meets_the_refund(after: Aftermath) -> None:
    cards = [after.stripe.saved_card(KINDS[number % 3]) for number in range(SUPPORTERS)]
    charges = await after.run.ask(*cards)
    # A third was not begun when the operator decides.
    await asyncio.gather(*(after.run.charge(each) for each in charges[: SUPPORTERS * 2 // 3]))

    at_once = [
        *(after.run.charge(each) for each in charges[::2]),
        *(pay_at_the_bank(after, each) for each in charges),
        after.ask(),
        *(after.run.charge(each) for each in charges[1::2]),
        *(pay_at_the_bank(after, each) for each in charges[::3]),
        *(money_schedules.give_back(after.run.pool, after.gateway) for _ in range(3)),
        *(after.run.tick() for _ in range(3)),
    ]
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(work: Coroutine[Any, Any, Any]) -> None:
        async with slots:
            await work

    random.Random(SUPPORTERS).shuffle(at_once)
    await asyncio.gather(*map(one, at_once))
    await after.run.leases_end()
    await after.run.owner.execute(
        "UPDATE charges SET person_until = clock_timestamp() WHERE person_until IS NOT NULL"
    )
    for _ in range(6):
        await after.work(rounds=2)
        await after.run.finish()
        await after.hear()

    async with transaction(after.run.pool) as conn:
        state = await refund.read_refunds(conn, after.run.slug)
    statuses = await after.run.statuses()
    intents = after.stripe.intents(after.run.slug)
    assert state.has_ended
    assert set(statuses) <= {"succeeded", "lost"}
    assert statuses.count("succeeded") >= 1
    assert after.refunded() == after.stripe.charged(after.run.slug)
    assert len(after.refunded()) == statuses.count("succeeded")
    assert set(after.refunded()) == {AMOUNT}
    assert {each["status"] for each in intents} <= {"succeeded", "canceled"}
