"""One supporter is charged once, wherever a process dies and whatever answer is lost."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from contracts.ids import ChargeId
from contracts.refusals import Unavailable
from services.chassis.storage.database import (
    ACQUIRE_SECONDS,
    Connection,
    Pool,
    open_pool,
    transaction,
)
from services.settlement.domain.charging import Created, LeaseLost, Postponed, Succeeded
from services.settlement.domain.recovery import RULES
from services.settlement.handlers import look_after, make_charge, record_outcomes
from services.settlement.schedules import charges
from services.settlement.steps import charge
from services.settlement.stripe_gateway.charges import StripeGateway
from tests.settlement.builders import AMOUNT, move_clock, outbox_events
from tests.settlement.runs import Settlement
from tests.settlement.sandbox import DECLINED, NEEDS_PERSON, Sandbox
from tests.support.stack import Database

SUCCEEDED, DECLINED_EVENT = "settlement.charge_succeeded", "settlement.charge_declined"


async def test_a_charge_is_made_once_and_told_once(run: Settlement, stripe: Sandbox) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())

    await run.charge(charge_id)
    await run.charge(charge_id)

    assert await run.statuses() == ["succeeded"]
    assert stripe.charged(run.slug) == [AMOUNT]
    (event,) = await outbox_events(run.owner, SUCCEEDED)
    (intent,) = stripe.intents(run.slug)
    assert (event["charge_id"], event["payment_intent_id"]) == (charge_id, intent["id"])
    assert event["amount_cents"] == AMOUNT
    assert intent["idempotency_key"] == f"pi:{charge_id}"


@pytest.mark.parametrize(
    ("magic", "code", "needs_person"),
    [
        pytest.param(DECLINED, "card_declined", False, id="declined"),
        pytest.param(NEEDS_PERSON, "authentication_required", True, id="needs the person"),
    ],
)
async def test_a_decline_is_recorded_and_told(
    run: Settlement, stripe: Sandbox, magic: str, code: str, needs_person: bool
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card(magic))

    await run.charge(charge_id)
    await run.finish()

    assert await run.attempts() == [(1, "declined")]
    (event,) = await outbox_events(run.owner, DECLINED_EVENT)
    assert (event["code"], event["needs_authentication"]) == (code, needs_person)
    assert stripe.charged(run.slug) == []


async def test_what_came_of_each_attempt_is_kept_with_it(run: Settlement, stripe: Sandbox) -> None:
    (charge_id,) = await run.ask(stripe.saved_card(DECLINED))

    await run.charge(charge_id)

    row = await run.owner.fetchrow(
        """
        SELECT error_type, because, code, decline_code, advice_code, network_decline_code,
               network_advice_code
        FROM charge_attempts
        """
    )
    assert row is not None
    assert (row["error_type"], row["code"]) == ("card_error", "card_declined")
    assert row["because"] in RULES.classes
    assert row["decline_code"]
    assert None not in tuple(row)


async def test_a_sum_that_is_too_small_is_declined_without_a_payment_intent(
    run: Settlement, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card(), amount=49)

    await run.charge(charge_id)

    (event,) = await outbox_events(run.owner, DECLINED_EVENT)
    assert (event["code"], event["payment_intent_id"]) == ("amount_too_small", "")
    assert stripe.intents(run.slug) == []


@pytest.mark.parametrize("steps", range(5))
async def test_a_process_killed_after_any_step_leaves_one_payment_and_one_success(
    run: Settlement, stripe: Sandbox, steps: int
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())
    await _walk(run, charge_id, steps)

    await run.finish()

    assert await run.statuses() == ["succeeded"]
    assert await run.attempts() == [(1, "succeeded")]
    assert stripe.charged(run.slug) == [AMOUNT]
    assert len(stripe.intents(run.slug)) == 1
    assert len(await outbox_events(run.owner, SUCCEEDED)) == 1


async def _walk(run: Settlement, charge_id: ChargeId, steps: int) -> None:
    """Go so many steps, and forget everything."""
    work = await run.take(charge_id) if steps > 0 else None
    if work is None or steps < 2:
        return
    created = await run.gateway.create(work.charge.create_parameters, work.create_key)
    assert isinstance(created, Created)
    if steps < 3:
        return
    intent_id = created.payment_intent_id
    await run.begin_confirm(work, intent_id)
    if steps < 4:
        return
    outcome = await run.gateway.confirm(
        intent_id, work.attempt.confirm_parameters, work.confirm_key(intent_id)
    )
    assert isinstance(outcome, Succeeded)


async def test_what_may_have_been_sent_is_read_before_it_is_sent_again(
    run: Settlement, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())
    await _walk(run, charge_id, 4)
    await run.leases_end()

    assert await run.take(charge_id) is None
    assert await run.statuses() == ["unknown"]
    await run.charge(charge_id)
    assert await run.statuses() == ["unknown"]

    await charges.reader(run.pool, run.gateway).finish()

    assert await run.statuses() == ["succeeded"]
    (intent,) = stripe.intents(run.slug)
    assert intent["attempts"] == 1


async def test_lost_answers_become_unknown_and_are_adopted_never_charged_anew(
    run: Settlement, stripe: Sandbox
) -> None:
    for charge_id in await run.ask(*(stripe.saved_card() for _ in range(6))):
        await _confirm_unheard(run, stripe, charge_id)
    unheard = await run.statuses()

    await run.finish()

    assert unheard == ["unknown"] * 6
    assert await run.statuses() == ["succeeded"] * 6
    assert stripe.charged(run.slug) == [AMOUNT] * 6
    assert {intent["attempts"] for intent in stripe.intents(run.slug)} == {1}
    assert len(await outbox_events(run.owner, SUCCEEDED)) == 6


async def _confirm_unheard(run: Settlement, stripe: Sandbox, charge_id: ChargeId) -> None:
    """Let Stripe do the work and lose its answer."""
    work = await run.take(charge_id)
    assert work is not None
    created = await run.gateway.create(work.charge.create_parameters, work.create_key)
    assert isinstance(created, Created)
    stripe.faults(timeout_rate=1)
    await charge.confirm(run.pool, run.gateway, work, created.payment_intent_id)
    stripe.reset()


async def test_creating_unheard_is_asked_again_under_the_same_key(
    run: Settlement, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())
    stripe.faults(timeout_rate=1)
    await run.charge(charge_id)
    stripe.reset()

    await run.finish()

    (intent,) = stripe.intents(run.slug)
    assert intent["idempotency_key"] == f"pi:{charge_id}"
    assert stripe.charged(run.slug) == [AMOUNT]


async def test_a_confirmation_that_never_arrived_is_sent_again_under_its_own_key(
    run: Settlement, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())
    await _walk(run, charge_id, 3)

    await run.finish()

    row = await run.owner.fetchrow("SELECT attempt, key_serial, state FROM charge_attempts")
    assert row is not None
    assert tuple(row) == (1, 1, "succeeded")
    assert stripe.charged(run.slug) == [AMOUNT]


async def test_a_fault_kept_under_its_key_is_asked_again_under_the_next_one(
    run: Settlement, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())
    work = await run.take(charge_id)
    assert work is not None
    created = await run.gateway.create(work.charge.create_parameters, work.create_key)
    assert isinstance(created, Created)
    stripe.faults(error_rate=1)
    await charge.confirm(run.pool, run.gateway, work, created.payment_intent_id)
    while_away = await run.statuses()
    await run.time_passes()
    await charges.reader(run.pool, run.gateway).finish()
    still = await run.statuses()
    stripe.reset()

    await run.finish()

    assert (while_away, still) == (["unknown"], ["unknown"])
    row = await run.owner.fetchrow("SELECT attempt, key_serial, state FROM charge_attempts")
    assert row is not None
    assert tuple(row) == (1, 2, "succeeded")
    assert stripe.charged(run.slug) == [AMOUNT]


@pytest.mark.parametrize("days", [0, -90, 90])
async def test_a_payment_intent_that_may_exist_is_searched_before_another_is_made(
    run: Settlement, stripe: Sandbox, days: int
) -> None:
    # Stripe dates what it makes by the platform's clock, which the sandbox may have moved.
    stripe.advance(f"{'-' if days < 0 else ''}P{abs(days)}D")
    await move_clock(run.owner, datetime.now(UTC) + timedelta(days=days))
    (charge_id,) = await run.ask(stripe.saved_card())
    await _walk(run, charge_id, 2)
    await run.owner.execute("UPDATE charges SET is_create_key_spent = true")

    await run.finish()

    assert len(stripe.intents(run.slug)) == 1
    assert stripe.charged(run.slug) == [AMOUNT]


async def test_a_fault_while_creating_uses_up_the_key_and_not_the_attempt(
    run: Settlement, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())
    stripe.faults(error_rate=1)
    await run.charge(charge_id)
    await run.time_passes()
    await run.charge(charge_id)
    stripe.reset()

    await run.finish()

    (intent,) = stripe.intents(run.slug)
    assert intent["idempotency_key"] == f"pi:{charge_id}:2"
    assert await run.attempts() == [(1, "succeeded")]


@pytest.mark.parametrize("steps", [2, 3, 4])
async def test_a_day_between_two_steps_neither_charges_twice_nor_loses_the_charge(
    run: Settlement, stripe: Sandbox, steps: int
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())
    await _walk(run, charge_id, steps)

    stripe.advance("PT25H")
    await run.owner.execute(
        "UPDATE platform.clock_offset SET offset_by = offset_by + interval '25 hours'"
    )
    await run.finish()

    assert await run.statuses() == ["succeeded"]
    assert stripe.charged(run.slug) == [AMOUNT]
    assert len(stripe.intents(run.slug)) == 1


async def test_too_many_requests_cost_time_and_no_attempt(run: Settlement, stripe: Sandbox) -> None:
    charge_ids = await run.ask(*(stripe.saved_card() for _ in range(8)))
    stripe.faults(rate_limit_per_second=1)
    await asyncio.gather(*(run.charge(charge_id) for charge_id in charge_ids))
    postponed = await run.owner.fetchval("SELECT count(*) FROM charges WHERE postponed > 0")
    stripe.reset()

    await run.finish()

    assert postponed >= 6
    assert await run.attempts() == [(1, "succeeded")] * 8
    assert stripe.charged(run.slug) == [AMOUNT] * 8


async def test_a_process_that_slept_through_its_lease_changes_nothing(
    run: Settlement, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())
    sleeper = await run.take(charge_id)
    assert sleeper is not None
    created = await run.gateway.create(sleeper.charge.create_parameters, sleeper.create_key)
    assert isinstance(created, Created)
    await run.finish()

    with pytest.raises(LeaseLost):
        await run.begin_confirm(sleeper, created.payment_intent_id)
    with pytest.raises(LeaseLost):
        async with transaction(run.pool) as conn:
            await make_charge.record_postponed(conn, sleeper, Postponed(reason="asleep"))
    with pytest.raises(LeaseLost):
        async with transaction(run.pool) as conn:
            await record_outcomes.record_success(
                conn,
                sleeper.charge,
                created.payment_intent_id,
                Succeeded(stripe_charge_id="ch_1"),
            )

    assert len(await outbox_events(run.owner, SUCCEEDED)) == 1
    assert stripe.charged(run.slug) == [AMOUNT]


async def test_a_lease_that_somebody_else_took_over_writes_nothing(
    run: Settlement, stripe: Sandbox
) -> None:
    """Unlike a charge that is decided, one that is in other hands stands as it was taken."""
    (charge_id,) = await run.ask(stripe.saved_card())
    sleeper = await run.take(charge_id)
    assert sleeper is not None
    await run.leases_end()
    assert await run.take(charge_id) is not None
    before = await run.read(charge_id)

    with pytest.raises(LeaseLost):
        await run.begin_confirm(sleeper, "pi_of_the_sleeper")
    with pytest.raises(LeaseLost):
        async with transaction(run.pool) as conn:
            await make_charge.record_postponed(conn, sleeper, Postponed(reason="asleep"))

    assert await run.read(charge_id) == before


async def test_a_leased_charge_is_nobody_elses(run: Settlement, stripe: Sandbox) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())

    taken = await asyncio.gather(*(run.take(charge_id) for _ in range(8)))
    later = await run.take(charge_id)

    assert sum(work is not None for work in taken) == 1
    assert later is None


async def test_a_decline_that_was_not_heard_is_read_back(run: Settlement, stripe: Sandbox) -> None:
    (charge_id,) = await run.ask(stripe.saved_card(DECLINED))
    await _confirm_unheard(run, stripe, charge_id)

    await run.finish()

    assert await run.attempts() == [(1, "declined")]
    assert len(await outbox_events(run.owner, DECLINED_EVENT)) == 1


async def test_a_declined_charge_is_not_tried_again_by_itself(
    run: Settlement, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card(DECLINED))
    await run.charge(charge_id)
    await run.finish()
    await run.charge(charge_id)

    (intent,) = stripe.intents(run.slug)
    assert intent["attempts"] == 1


async def test_due_charges_without_a_message_are_queued_and_queued_ones_are_not(
    run: Settlement, stripe: Sandbox
) -> None:
    card = stripe.saved_card()
    await run.ask(card, card)

    async with transaction(run.pool) as conn:
        fresh = await look_after.sweep(conn, is_queue_empty=True)
    await run.owner.execute("UPDATE charges SET queued_at = now() - interval '2 minutes'")
    await run.owner.execute("UPDATE charges SET due_at = now() - interval '3 minutes'")
    async with transaction(run.pool) as conn:
        waiting = await look_after.sweep(conn, is_queue_empty=False)
        lost = await look_after.sweep(conn, is_queue_empty=True)

    assert (fresh, waiting, lost) == (0, 0, 2)
    assert len(await outbox_events(run.owner, "charges.due")) == 4


async def test_nothing_is_sent_when_the_outcome_could_not_be_recorded(
    database: Database, run: Settlement, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())
    gone = await open_pool(database.url("settlement"), schema="settlement", size_max=1)
    await gone.close()

    with pytest.raises(Unavailable):
        await charge.charge(gone, run.gateway, charge_id)

    assert stripe.intents(run.slug) == []


class Crowded:
    """A gateway during whose confirmation everybody else takes the service's connections."""

    def __init__(self, gateway: StripeGateway, pool: Pool) -> None:
        self._gateway = gateway
        self._pool = pool
        self.crowd: asyncio.Task[None] | None = None

    async def create(self, parameters: Mapping[str, Any], key: str) -> Any:
        return await self._gateway.create(parameters, key)

    async def confirm(self, intent_id: str, parameters: Mapping[str, Any], key: str) -> Any:
        outcome = await self._gateway.confirm(intent_id, parameters, key)
        held = await self._pool.acquire()

        async def leave() -> None:
            # Longer than anybody waits for a connection.
            await asyncio.sleep(ACQUIRE_SECONDS + 0.3)
            await self._pool.release(held)

        self.crowd = asyncio.create_task(leave())
        return outcome


async def test_an_outcome_that_finds_the_database_busy_is_recorded_when_it_is_not(
    database: Database, run: Settlement, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())
    narrow = await open_pool(database.url("settlement"), schema="settlement", size_max=1)
    crowded = Crowded(run.gateway, narrow)

    await charge.charge(narrow, cast(StripeGateway, crowded), charge_id)

    assert crowded.crowd is not None
    await crowded.crowd
    await narrow.close()
    assert await run.statuses() == ["succeeded"]
    assert await run.attempts() == [(1, "succeeded")]


async def test_the_gauges_count_what_an_operator_watches(
    pool: Pool, owner: Connection, run: Settlement, stripe: Sandbox
) -> None:
    await run.ask(stripe.saved_card(), stripe.saved_card())
    await owner.execute("UPDATE charges SET due_at = now() - interval '5 minutes'")

    await charges.measure(pool)

    assert charges.CHARGES.labels("new")._value.get() == 2
    assert 299 < charges.OLDEST_DUE._value.get() < 330
