"""A hundred supporters pay in every way there is, while money is being given back.

Another card, our own tries, the page of the bank and refunds, all at once on everybody:
one success or none, as the rules say, and whatever was asked back went back once.
"""

import asyncio
import contextlib
import random
from collections.abc import Coroutine, Iterable
from typing import Any

from contracts.events.checkout import Card
from contracts.ids import ChargeId
from contracts.refusals import NotFound, StateRefused
from services.chassis.storage.database import transaction
from services.chassis.stripe.client import StripeFault
from services.settlement.handlers import refund
from services.settlement.handlers.pass_bank import watch_person
from services.settlement.steps import give_back
from tests.settlement.aftermath import Aftermath
from tests.settlement.builders import AMOUNT, NOW, move_clock
from tests.settlement.sandbox import DECLINED, GOOD, NEEDS_PERSON
from tests.settlement.test_recovery import DAY

SUPPORTERS = 100
AT_ONCE = 12
KINDS = (GOOD, DECLINED, NEEDS_PERSON, DECLINED)
# Every fourth does nothing about a card that is declined.
IDLE = 3


class Crowd:
    """Everybody, with a second card for those who will bring one."""

    def __init__(self, after: Aftermath) -> None:
        self.after = after
        self.charges: list[ChargeId] = []
        self.others: dict[ChargeId, Card] = {}

    async def begin(self) -> None:
        """Let everybody be asked for, and half of all kinds be tried a first time."""
        run, stripe = self.after.run, self.after.stripe
        await move_clock(run.owner, NOW)
        cards = [stripe.saved_card(KINDS[number % len(KINDS)]) for number in range(SUPPORTERS)]
        await run.ask(*cards)
        rows = await run.owner.fetch("SELECT charge_id, payment_method_id FROM charges")
        by_method = {row["payment_method_id"]: row["charge_id"] for row in rows}
        self.charges = [by_method[card.payment_method_id] for card in cards]
        self.others = {
            charge_id: stripe.another_card(card)
            for number, (charge_id, card) in enumerate(zip(self.charges, cards, strict=True))
            if number % len(KINDS) != IDLE
        }
        await together(run.charge(each) for each in self.charges[: SUPPORTERS // 2])
        await run.owner.execute(
            "UPDATE charges SET next_attempt_at = platform.now() WHERE status = 'declined'"
        )

    def everything(self) -> list[Coroutine[Any, Any, Any]]:
        """Return what all of them and all of our loops do at the same time."""
        run, after = self.after.run, self.after
        return [
            *(run.charge(each) for each in self.charges for _ in range(2)),
            *(pay_at_the_bank(after, each) for each in self.others),
            *(
                run.change_card(each, card, saved_at=NOW + DAY)
                for each, card in self.others.items()
            ),
            *(run.tick() for _ in range(3)),
            *(give_back.give_back(run.pool, after.gateway) for _ in range(3)),
        ]

    async def end(self) -> None:
        """Let leases and visits end, and everybody who works go on until nothing is open."""
        run = self.after.run
        await run.owner.execute(
            "UPDATE charges SET person_until = clock_timestamp() WHERE person_until IS NOT NULL"
        )
        for _ in range(3):
            await self.after.work(rounds=2)
            await run.finish()
        await self.after.hear()
        await self.after.work(rounds=4)

    async def idle(self) -> list[str]:
        """Return how the charges stand of those who did nothing."""
        rows = await self.after.run.owner.fetch(
            "SELECT status FROM charges WHERE charge_id <> ALL($1)", list(self.others)
        )
        return [row["status"] for row in rows]


async def together(works: Iterable[Coroutine[Any, Any, Any]]) -> None:
    """Do all of it in one order of chance, so many at any time."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(work: Coroutine[Any, Any, Any]) -> None:
        async with slots:
            await work

    shuffled = list(works)
    random.Random(SUPPORTERS).shuffle(shuffled)
    await asyncio.gather(*map(one, shuffled))


async def pay_at_the_bank(after: Aftermath, charge_id: ChargeId) -> None:
    """Do what a person does whose bank wants to see them, as far as they get."""
    row = await after.run.pool.fetchrow(
        "SELECT payment_intent_id, payment_method_id FROM charges WHERE charge_id = $1", charge_id
    )
    if row is None or row["payment_intent_id"] is None:
        return
    intent_id = row["payment_intent_id"]
    try:
        secret, _ = await after.gateway.read_secret(intent_id)
    except StripeFault:
        return
    async with transaction(after.run.pool) as conn:
        if not await watch_person(conn, charge_id):
            return
    wanted = {"clientSecret": secret, "paymentMethod": row["payment_method_id"]}
    # Whatever is answered: it may have been cancelled under their hands.
    await asyncio.to_thread(after.stripe.http.post, "/elements/confirm-payment", json=wanted)
    path = f"/sandbox/payment-intents/{intent_id}/authenticate"
    await asyncio.to_thread(after.stripe.http.post, path, json={"succeed": True})


async def give_back_to(after: Aftermath, charge_id: ChargeId) -> None:
    """Ask for one supporter's money back, twice; who was not charged has none to give."""
    supporter = await after.run.pool.fetchval(
        "SELECT supporter_id FROM charges WHERE charge_id = $1", charge_id
    )
    for _ in range(2):
        with contextlib.suppress(NotFound, StateRefused):
            await after.ask(supporter=supporter)


async def test_everybody_who_can_pay_is_charged_once_and_refunded_at_most_once(
    after: Aftermath,
) -> None:
    crowd = Crowd(after)
    await crowd.begin()

    refunds = [give_back_to(after, each) for each in crowd.charges for _ in range(2)]
    await together([*crowd.everything(), *refunds])
    await crowd.end()
    # Twenty at a time: their window is over.
    for _ in range(SUPPORTERS // len(KINDS) // 20 + 1):
        await after.run.tick(to=NOW + 8 * DAY)

    asked = await after.refunds()
    assert sorted(after.stripe.charged(after.run.slug)) == [AMOUNT] * len(crowd.others)
    assert len(after.stripe.intents(after.run.slug)) == SUPPORTERS
    assert sorted(await after.run.statuses()) == (
        ["lost"] * (SUPPORTERS - len(crowd.others)) + ["succeeded"] * len(crowd.others)
    )
    assert set(await crowd.idle()) == {"lost"}
    assert 0 < len(asked) <= len(crowd.others)
    assert set(asked) == {("succeeded", AMOUNT)}
    assert after.refunded() == [AMOUNT] * len(asked)


async def test_nobody_keeps_or_loses_a_cent_whatever_meets_the_refund_of_all(
    after: Aftermath,
) -> None:
    crowd = Crowd(after)
    await crowd.begin()

    await together([*crowd.everything(), after.ask()])
    await crowd.end()

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
