"""While payments are paused nothing is charged; afterwards nothing is missing."""

from datetime import timedelta
from typing import Any

from contracts.events.checkout import Card
from services.chassis.storage.database import transaction
from services.settlement.handlers import look_after, pause
from services.settlement.queries.pauses import Pause
from tests.settlement.aftermath import Aftermath
from tests.settlement.builders import AMOUNT
from tests.settlement.sandbox import DECLINED, GOOD


async def switch(after: Aftermath, *, is_paused: bool) -> Pause:
    async with transaction(after.run.pool) as conn:
        return await pause.change_pause(
            conn, is_paused=is_paused, because="a restore", changed_by="zoe"
        )


async def test_nothing_is_charged_while_paused_and_everything_after(after: Aftermath) -> None:
    paused = await switch(after, is_paused=True)
    cards = [after.stripe.saved_card() for _ in range(2)]
    charges = await after.run.ask(*cards)

    for charge_id in charges:
        await after.run.charge(charge_id)
    async with transaction(after.run.pool) as conn:
        queued = await look_after.sweep(conn, is_queue_empty=True)
    before = after.stripe.intents(after.run.slug)
    resumed = await switch(after, is_paused=False)
    await after.run.finish()

    assert (paused.is_paused, paused.because, paused.changed_by) == (True, "a restore", "zoe")
    assert (queued, before) == (0, [])
    assert not resumed.is_paused
    assert after.stripe.charged(after.run.slug) == [AMOUNT, AMOUNT]


async def test_recovery_stands_still_too_and_a_new_card_is_tried_afterwards(
    after: Aftermath,
) -> None:
    (charge_id,) = await after.paid(DECLINED)
    row = await after.run.read(charge_id)
    await switch(after, is_paused=True)

    card = after.stripe.another_card(_card_of(row), GOOD)
    await after.run.change_card(charge_id, card, saved_at=row["decided_at"] + timedelta(minutes=1))
    await after.run.tick(to=row["recovery_ends_at"] - timedelta(hours=1))
    await after.run.finish()
    still = await after.run.read(charge_id)
    await switch(after, is_paused=False)
    await after.run.tick()
    await after.run.finish()

    assert still["status"] == "declined"
    assert (await after.run.read(charge_id))["status"] == "succeeded"
    assert after.stripe.charged(after.run.slug) == [AMOUNT]


async def test_the_window_does_not_close_while_paused(after: Aftermath) -> None:
    (charge_id,) = await after.paid(DECLINED)
    row = await after.run.read(charge_id)
    await switch(after, is_paused=True)

    await after.run.tick(to=row["recovery_ends_at"] + timedelta(hours=1))

    assert (await after.run.read(charge_id))["status"] == "declined"


async def test_who_switched_when_is_remembered_and_twice_is_once(after: Aftermath) -> None:
    await switch(after, is_paused=True)
    await switch(after, is_paused=True)
    await switch(after, is_paused=False)

    rows = await after.run.owner.fetch(
        "SELECT action, done_by FROM operator_actions ORDER BY action_id"
    )
    assert [tuple(row) for row in rows] == [
        ("payments_paused", "zoe"),
        ("payments_resumed", "zoe"),
    ]


def _card_of(row: Any) -> Card:
    return Card(
        customer_id=row["customer_id"],
        payment_method_id=row["payment_method_id"],
        brand=row["card_brand"],
        last4=row["card_last4"],
        exp_month=row["card_exp_month"],
        exp_year=row["card_exp_year"],
    )
