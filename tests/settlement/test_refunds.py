"""Money goes back once, in whole or part, whatever is lost, killed or done elsewhere."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from contracts.events.pledges import PledgeSnapshot
from contracts.ids import ChargeId
from contracts.money import Cents
from contracts.refusals import NotFound, StateRefused
from services.chassis.storage.database import transaction
from services.settlement.domain.charging import Created
from services.settlement.domain.money_back import Lost, Made, StripeRefund
from services.settlement.handlers import pass_bank, pause, refund, take_requests
from services.settlement.handlers.adopt_refunds import adopt_refund
from services.settlement.queries import refund_sending, refunds
from services.settlement.steps import give_back
from services.settlement.stripe_gateway.money import MoneyGateway
from tests.settlement.aftermath import Aftermath
from tests.settlement.builders import AMOUNT, a_pledge, created, outbox_events
from tests.settlement.sandbox import DECLINED, GOOD, NEEDS_PERSON

PENDING = "pm_card_pendingRefund"
FAILING = "pm_card_refundFail"
TOLD = "settlement.refunded"


async def supporter_of(after: Aftermath, charge_id: str) -> str:
    return str((await after.run.read(charge_id))["supporter_id"])


async def test_a_supporters_money_goes_back_and_everybody_is_told_once(after: Aftermath) -> None:
    (charge_id,) = await after.paid(GOOD)

    answer = await after.ask(supporter=await supporter_of(after, charge_id))
    await after.work(rounds=2)
    await after.hear()
    await after.work(rounds=2)

    assert (answer.total, answer.status) == (AMOUNT, "asked")
    assert after.refunded() == [AMOUNT]
    assert await after.refunds() == [("succeeded", AMOUNT)]
    (event,) = await outbox_events(after.run.owner, TOLD)
    assert (event["charge_id"], event["amount_cents"]) == (charge_id, AMOUNT)
    assert (event["state"], event["pledge_id"]) == ("returned", None)


async def test_parts_go_back_until_nothing_is_left(after: Aftermath) -> None:
    (charge_id,) = await after.paid(GOOD)
    supporter = await supporter_of(after, charge_id)

    await after.ask(supporter=supporter, amount=1_000)
    await after.ask(supporter=supporter, amount=944)
    with pytest.raises(StateRefused, match="less_than_wanted"):
        await after.ask(supporter=supporter, amount=4_001)
    await after.ask(supporter=supporter)
    with pytest.raises(StateRefused, match="nothing_left"):
        await after.ask(supporter=supporter)
    await after.work(rounds=2)

    assert after.refunded() == [944, 1_000, 4_000]


async def test_one_pledge_of_two_is_refunded(after: Aftermath) -> None:
    card = after.stripe.saved_card()
    first = a_pledge(after.run.slug, amount=4_000, card=card)
    second = a_pledge(after.run.slug, amount=1_944, card=card)
    for each in (first, second):
        await _keep(after, each)
    await after.run.ask(card, pledge_ids=(first.pledge_id, second.pledge_id))
    await after.run.finish()

    await after.ask(pledge=second.pledge_id)
    with pytest.raises(StateRefused, match="nothing_left"):
        await after.ask(pledge=second.pledge_id)
    await after.work(rounds=2)

    (event,) = await outbox_events(after.run.owner, TOLD)
    assert (event["pledge_id"], event["amount_cents"]) == (second.pledge_id, 1_944)
    assert after.refunded() == [1_944]


async def test_the_same_key_is_the_same_request(after: Aftermath) -> None:
    (charge_id,) = await after.paid(GOOD)
    supporter = await supporter_of(after, charge_id)

    first = await after.ask(supporter=supporter, amount=500, key="monday")
    again = await after.ask(supporter=supporter, amount=500, key="monday")
    await after.work(rounds=2)

    assert first.request_id == again.request_id
    assert after.refunded() == [500]


async def test_a_key_that_was_used_is_for_nothing_else(after: Aftermath) -> None:
    (charge_id,) = await after.paid(GOOD)
    supporter = await supporter_of(after, charge_id)
    await after.ask(supporter=supporter, amount=500, key="monday")

    others: list[dict[str, Any]] = [
        {"supporter": supporter, "amount": 501},
        {"supporter": supporter},
        {},
    ]
    for other in others:
        with pytest.raises(StateRefused, match="conflict"):
            await after.ask(**other, key="monday")

    assert await after.refunds() == [("new", 500)]


async def test_who_asks_again_with_key_and_hash_hears_the_first_answer(after: Aftermath) -> None:
    (charge_id,) = await after.paid(GOOD)
    wanted: dict[str, Any] = {"supporter": await supporter_of(after, charge_id), "amount": 500}
    async with transaction(after.run.pool) as conn:
        plan = await refund.preview_refund(conn, after.wanted(**wanted))

    asked = {**wanted, "key": "monday", "plan_hash": plan.plan_hash}
    first, second = await asyncio.gather(after.ask(**asked), after.ask(**asked))
    await after.work(rounds=2)
    third = await after.ask(**asked)

    assert first == second == third
    assert (first.total, after.refunded()) == (500, [500])


async def test_a_campaigns_refund_asked_again_answers_the_whole(after: Aftermath) -> None:
    await after.paid(GOOD, GOOD)

    first = await after.ask(key="all")
    await after.work(rounds=2)
    again = await after.ask(key="all")

    assert (first.total, first.plan_hash) == (again.total, again.plan_hash)
    assert again.total == 2 * AMOUNT


async def test_a_part_goes_back_once_to_who_paid_twice(after: Aftermath) -> None:
    (charge_id,) = await after.paid(GOOD)
    supporter = await supporter_of(after, charge_id)
    card = after.stripe.saved_card(GOOD)
    await after.run.ask(card, supporter_id=supporter, purpose="late:pool-intent-1", amount=1_000)
    await after.run.finish()

    answer = await after.ask(supporter=supporter, amount=1_000, key="goodwill")
    await after.work(rounds=2)

    assert (answer.total, after.refunded()) == (1_000, [1_000])


async def test_a_plan_that_is_not_todays_is_refused(after: Aftermath) -> None:
    (charge_id,) = await after.paid(GOOD)
    supporter = await supporter_of(after, charge_id)
    async with transaction(after.run.pool) as conn:
        plan = await refund.preview_refund(conn, after.wanted(supporter=supporter))

    await after.ask(supporter=supporter, amount=1)
    with pytest.raises(StateRefused, match="stale_plan"):
        await after.ask(supporter=supporter, plan_hash=plan.plan_hash)

    assert await after.refunds() == [("new", 1)]


async def test_what_was_never_charged_cannot_be_refunded(after: Aftermath) -> None:
    (charge_id,) = await after.paid(DECLINED)

    with pytest.raises(NotFound, match="nothing_charged"):
        await after.ask(supporter=await supporter_of(after, charge_id))
    with pytest.raises(NotFound, match="unknown_campaign"):
        await after.ask(campaign="nobody")


@pytest.mark.parametrize("is_made", [True, False])
async def test_a_process_that_died_while_asking_leaves_one_refund(
    after: Aftermath, is_made: bool
) -> None:
    (charge_id,) = await after.paid(GOOD)
    await after.ask(supporter=await supporter_of(after, charge_id))
    async with transaction(after.run.pool) as conn:
        (row,) = await refund_sending.lease_due(conn, limit=1)
        await refund_sending.mark_sent(conn, row, is_key_new=False)
    if is_made:
        assert isinstance(await after.gateway.refund(row.parameters, row.key), Made)

    await after.work(rounds=2)

    assert after.refunded() == [AMOUNT]
    assert await after.refunds() == [("succeeded", AMOUNT)]
    assert len(await outbox_events(after.run.owner, TOLD)) == 1


@pytest.mark.parametrize("fault", [{"timeout_rate": 1}, {"error_rate": 1}])
async def test_a_lost_answer_is_read_back_and_never_paid_twice(
    after: Aftermath, fault: dict[str, float]
) -> None:
    (charge_id,) = await after.paid(GOOD)
    await after.ask(supporter=await supporter_of(after, charge_id))

    after.stripe.faults(**fault)
    await after.no_delays()
    await give_back.give_back(after.run.pool, after.gateway)
    assert await after.refunds() == [("sending", AMOUNT)]
    after.stripe.reset()
    await after.work(rounds=3)

    assert after.refunded() == [AMOUNT]
    assert await after.refunds() == [("succeeded", AMOUNT)]


async def test_a_key_that_a_lost_refund_had_holds_up_no_other(after: Aftermath) -> None:
    (charge_id,) = await after.paid(GOOD)
    supporter = await supporter_of(after, charge_id)
    await after.ask(supporter=supporter, amount=500)
    await after.work(rounds=1)
    # As after a restore: Stripe knows of it, we do not.
    await after.run.owner.execute("TRUNCATE refunds, refund_requests, returns CASCADE")

    await after.ask(supporter=supporter, amount=700)
    await after.work(rounds=3)

    assert after.refunded() == [500, 700]


async def test_senders_beside_each_other_refund_once(
    after: Aftermath, gateway: MoneyGateway
) -> None:
    (charge_id,) = await after.paid(GOOD)
    await after.ask(supporter=await supporter_of(after, charge_id))

    await asyncio.gather(*(give_back.give_back(after.run.pool, gateway) for _ in range(4)))
    await after.work(rounds=2)

    assert after.refunded() == [AMOUNT]


async def test_a_lost_answer_is_no_verdict(after: Aftermath) -> None:
    after.stripe.faults(timeout_rate=1)

    outcome = await after.gateway.refund({"payment_intent": "pi_1", "amount": 1}, "key")

    assert outcome == Lost("no_answer")


async def test_refunds_made_at_stripes_dashboard_are_adopted(after: Aftermath) -> None:
    (charge_id,) = await after.paid(GOOD)
    (intent,) = after.stripe.intents(after.run.slug)
    after.stripe.http.post(
        "/v1/refunds", data={"payment_intent": intent["id"], "amount": "700"}
    ).raise_for_status()

    await after.hear()
    await after.work()
    await after.ask(supporter=await supporter_of(after, charge_id))
    await after.work()

    assert await after.refunds() == [("succeeded", 700), ("succeeded", AMOUNT - 700)]
    assert [each["amount_cents"] for each in await outbox_events(after.run.owner, TOLD)] == [
        700,
        AMOUNT - 700,
    ]


async def test_a_dashboard_that_was_faster_than_us_is_right(after: Aftermath) -> None:
    (charge_id,) = await after.paid(GOOD)
    await after.ask(supporter=await supporter_of(after, charge_id))
    (intent,) = after.stripe.intents(after.run.slug)
    after.stripe.http.post("/v1/refunds", data={"payment_intent": intent["id"]}).raise_for_status()

    # Other tests' charges at the same Stripe are looked at as well, twenty in a round.
    while len(await after.refunds()) < 2:
        await after.hear()
        await after.work(rounds=1)

    assert after.refunded() == [AMOUNT]
    assert sorted(await after.refunds()) == [("refused", AMOUNT), ("succeeded", AMOUNT)]
    assert len(await outbox_events(after.run.owner, TOLD)) == 1


async def test_a_pending_refund_is_told_once_and_ends_well(after: Aftermath) -> None:
    (charge_id,) = await after.paid(PENDING)
    await after.ask(supporter=await supporter_of(after, charge_id))
    await after.work(rounds=1)
    begun = await after.refunds()
    while await after.refunds() != [("succeeded", AMOUNT)]:
        await after.hear()
        await after.work(rounds=1)

    assert begun in ([("pending", AMOUNT)], [("succeeded", AMOUNT)])
    assert len(await outbox_events(after.run.owner, TOLD)) == 1


async def test_what_was_read_before_a_refund_ended_well_changes_nothing(after: Aftermath) -> None:
    """Two readings cross: the older answer comes last."""
    (charge_id,) = await after.paid(GOOD)
    await after.ask(supporter=await supporter_of(after, charge_id))
    await after.work(rounds=2)
    row = await after.run.owner.fetchrow("SELECT refund_id, stripe_refund_id FROM refunds")
    assert row is not None
    older = StripeRefund(
        stripe_refund_id=row["stripe_refund_id"],
        refund_id=row["refund_id"],
        amount_cents=Cents(AMOUNT),
        state="pending",
        failure_reason="",
        created_at=datetime.now(UTC),
    )

    async with transaction(after.run.pool) as conn:
        await adopt_refund(conn, await refunds.find_paid(conn, charge_id), older)

    assert await after.refunds() == [("succeeded", AMOUNT)]
    assert len(await outbox_events(after.run.owner, TOLD)) == 1


async def test_a_refund_that_fails_gives_the_money_back_to_us(after: Aftermath) -> None:
    (charge_id,) = await after.paid(FAILING)
    supporter = await supporter_of(after, charge_id)
    await after.ask(supporter=supporter)
    await after.work(rounds=1)
    while await after.refunds() != [("failed", AMOUNT)]:
        await after.hear()
        await after.work(rounds=1)

    states = [each["state"] for each in await outbox_events(after.run.owner, TOLD)]
    assert states == ["returned", "failed"]
    again = await after.ask(supporter=supporter)
    assert again.total == AMOUNT


async def test_a_campaigns_money_all_goes_back_and_nobody_is_charged_any_more(
    after: Aftermath,
) -> None:
    paid, declined, person, disputed, waiting = await _of_every_kind(after)
    (intent,) = [
        each
        for each in after.stripe.intents(after.run.slug)
        if each["metadata"]["pool_charge"] == disputed
    ]
    after.act(f"/sandbox/payment-intents/{intent['id']}/dispute")
    # Other tests' charges at the same Stripe are looked at as well, twenty in a round.
    while not await after.run.owner.fetchval("SELECT count(*) FROM disputes"):
        await after.hear()
        await after.work(rounds=1)

    answer = await after.ask()
    await after.work()
    await after.run.charge(waiting)

    state = await _state(after)
    assert (answer.status, state.has_ended, state.open_charges) == ("refunding", True, 0)
    assert [each.reason for each in answer.left_out] == ["disputed"]
    assert after.refunded() == [AMOUNT]
    found = {charge: (await after.run.read(charge))["status"] for charge in (paid, disputed)}
    assert set(found.values()) == {"succeeded"}
    for charge in (declined, person, waiting):
        row = await after.run.read(charge)
        assert (row["status"], row["lost_because"]) == ("lost", "refunded")
    unpaid = [
        each["status"]
        for each in after.stripe.intents(after.run.slug)
        if each["status"] != "succeeded"
    ]
    assert unpaid == ["canceled", "canceled"]


async def test_whoever_is_at_the_bank_is_shut_out_once_stripe_is_back(after: Aftermath) -> None:
    *_, person, _, _ = await _of_every_kind(after)
    (intent,) = [
        each
        for each in after.stripe.intents(after.run.slug)
        if each["metadata"]["pool_charge"] == person
    ]
    async with transaction(after.run.pool) as conn:
        assert await pass_bank.watch_person(conn, ChargeId(person))
    await after.ask()

    after.stripe.faults(error_rate=1)
    await give_back.give_back(after.run.pool, after.gateway)
    after.stripe.reset()
    await after.no_delays()
    await give_back.give_back(after.run.pool, after.gateway)

    (ended,) = [each for each in after.stripe.intents(after.run.slug) if each["id"] == intent["id"]]
    assert ended["status"] == "canceled"


async def test_who_is_charged_late_is_refunded_by_the_same_run(after: Aftermath) -> None:
    (charge_id,) = await after.run.ask(after.stripe.saved_card())
    work = await after.run.take(charge_id)
    assert work is not None
    made = await after.gateway.create(work.charge.create_parameters, work.create_key)
    assert isinstance(made, Created)
    intent_id = made.payment_intent_id
    await after.run.begin_confirm(work, intent_id)

    await after.ask()
    await give_back.give_back(after.run.pool, after.gateway)
    ended_early = (await _state(after)).has_ended
    await after.gateway.confirm(
        intent_id, work.attempt.confirm_parameters, work.confirm_key(intent_id)
    )
    await after.run.finish()
    await after.work()

    assert not ended_early
    assert after.refunded() == after.stripe.charged(after.run.slug) == [AMOUNT]
    assert (await _state(after)).has_ended


async def test_a_campaign_is_refunded_once(after: Aftermath) -> None:
    await after.paid(GOOD)

    await after.ask()
    with pytest.raises(StateRefused, match="refunding"):
        await after.ask()


async def test_nothing_goes_back_while_payments_are_paused(after: Aftermath) -> None:
    (charge_id,) = await after.paid(GOOD)
    await _switch(after, is_paused=True)
    await after.ask(supporter=await supporter_of(after, charge_id))

    await after.work(rounds=2)
    before = after.refunded()
    await _switch(after, is_paused=False)
    await after.work(rounds=2)

    assert (before, after.refunded()) == ([], [AMOUNT])


async def test_the_database_refuses_to_promise_more_than_was_charged(after: Aftermath) -> None:
    (charge_id,) = await after.paid(GOOD)
    await after.ask(supporter=await supporter_of(after, charge_id))

    with pytest.raises(asyncpg.CheckViolationError, match="no_more_than_was_charged"):
        await after.run.owner.execute("UPDATE returns SET given_cents = given_cents + 1")
    with pytest.raises(asyncpg.CheckViolationError, match="what is refunded never changes"):
        await after.run.owner.execute("UPDATE refunds SET amount_cents = 1")
    with pytest.raises(asyncpg.CheckViolationError, match="new cannot become succeeded"):
        await after.run.owner.execute(
            "UPDATE refunds SET status = 'succeeded', stripe_refund_id = 're_1'"
        )


async def _of_every_kind(after: Aftermath) -> list[str]:
    """Return charges: paid, declined, at the bank, paid and to be disputed, not yet begun."""
    magics = (GOOD, DECLINED, NEEDS_PERSON, GOOD, GOOD)
    cards = [after.stripe.saved_card(magic) for magic in magics]
    await after.run.ask(*cards)
    rows = await after.run.owner.fetch("SELECT charge_id, customer_id FROM charges")
    by_card = {row["customer_id"]: row["charge_id"] for row in rows}
    charges = [by_card[card.customer_id] for card in cards]
    for charge_id in charges[:4]:
        await after.run.charge(charge_id)
    return charges


async def _keep(after: Aftermath, pledge: PledgeSnapshot) -> None:
    async with transaction(after.run.pool) as conn:
        await take_requests.keep_pledge(conn, created(pledge))


async def _state(after: Aftermath) -> refund.RefundState:
    async with transaction(after.run.pool) as conn:
        return await refund.read_refunds(conn, after.run.slug)


async def _switch(after: Aftermath, *, is_paused: bool) -> None:
    async with transaction(after.run.pool) as conn:
        await pause.change_pause(conn, is_paused=is_paused, because="test", changed_by="test")
