"""What a charge cost, and what its cardholder's bank says: read back, told once per change."""

import asyncio

import pytest

from contracts.events.checkout import StripeEventReceived
from services.chassis.events.outbox import new_event_id
from services.chassis.storage.database import transaction
from services.settlement.handlers import hear_stripe, keep_definitions, show_money
from services.settlement.handlers.show_money import Backfill
from services.settlement.steps import look
from tests.settlement.aftermath import Aftermath
from tests.settlement.builders import AMOUNT, NOW, a_definition, outbox_events, published
from tests.settlement.sandbox import DECLINED, GOOD

FEE = 202
FEES = "settlement.fees_known"
DISPUTED = "settlement.disputed"


async def until_fees_are_known(after: Aftermath, count: int = 1) -> None:
    while len(await outbox_events(after.run.owner, FEES)) < count:
        await after.hear()
        await after.no_delays()
        await look.look(after.run.pool, after.gateway)


async def test_the_fee_is_known_when_stripe_says_that_it_is_and_told_once(
    after: Aftermath,
) -> None:
    (charge_id,) = await after.paid(GOOD)

    await until_fees_are_known(after)
    await after.hear()
    await after.work(rounds=1)

    (event,) = await outbox_events(after.run.owner, FEES)
    assert event["charge_id"] == charge_id
    assert (event["gross_cents"], event["fee_cents"], event["net_cents"]) == (
        AMOUNT,
        FEE,
        AMOUNT - FEE,
    )


async def test_a_fee_nobody_tells_of_is_looked_for(after: Aftermath) -> None:
    await after.paid(GOOD)
    await look.look(after.run.pool, after.gateway)
    waits = await after.run.owner.fetchval(
        "SELECT due_at - clock_timestamp() > interval '4 minutes' FROM looks"
    )

    while not await outbox_events(after.run.owner, FEES):
        await after.no_delays()
        await look.look(after.run.pool, after.gateway)

    assert waits


async def test_what_was_declined_costs_nothing_and_is_not_asked_about(after: Aftermath) -> None:
    await after.paid(DECLINED)

    await after.hear()
    await after.work(rounds=1)

    assert await outbox_events(after.run.owner, FEES) == []


async def test_a_backfill_says_what_is_missing_and_asks_only_in_earnest(after: Aftermath) -> None:
    async with transaction(after.run.pool) as conn:
        await keep_definitions.keep_campaign(conn, published(a_definition(after.run.slug)))
    await after.paid(GOOD, GOOD)

    async def backfill(*, is_dry_run: bool) -> Backfill:
        async with transaction(after.run.pool) as conn:
            return await show_money.backfill_fees(conn, after.run.slug, is_dry_run=is_dry_run)

    dry = await backfill(is_dry_run=True)
    looks = await after.run.owner.fetchval("SELECT count(*) FROM looks")
    asked = await backfill(is_dry_run=False)
    await until_fees_are_known(after, 2)
    known = await backfill(is_dry_run=False)

    assert (dry.charges, dry.missing, dry.asked, looks) == (2, 2, 0, 0)
    assert asked.asked == 2
    assert (known.missing, known.fee_amount, known.net_amount) == (
        0,
        2 * FEE,
        2 * (AMOUNT - FEE),
    )


async def test_news_of_somebody_elses_payment_is_given_up(after: Aftermath) -> None:
    card = after.stripe.saved_card()
    intent = after.stripe.http.post(
        "/v1/payment_intents",
        data={
            "amount": "500",
            "currency": "usd",
            "customer": card.customer_id,
            "payment_method": card.payment_method_id,
            "confirm": "true",
            "off_session": "true",
        },
    ).json()
    after.act(f"/sandbox/payment-intents/{intent['id']}/dispute")

    await after.hear()
    for _ in range(5):
        await after.no_delays()
        await look.look(after.run.pool, after.gateway)

    outcomes = await after.run.owner.fetch(
        "SELECT DISTINCT outcome FROM looks WHERE payment_intent_id = $1", intent["id"]
    )
    assert [row["outcome"] for row in outcomes] == ["not_ours"]
    assert await outbox_events(after.run.owner, DISPUTED) == []


async def test_news_that_comes_before_our_record_waits_for_it(after: Aftermath) -> None:
    (charge_id,) = await after.run.ask(after.stripe.saved_card())
    work = await after.run.take(charge_id)
    assert work is not None
    made = await after.gateway.create(work.charge.create_parameters, work.create_key)
    intent_id = made.payment_intent_id  # type: ignore[union-attr]
    await after.run.begin_confirm(work, intent_id)
    await after.gateway.confirm(
        intent_id, work.attempt.confirm_parameters, work.confirm_key(intent_id)
    )
    after.act(f"/sandbox/payment-intents/{intent_id}/dispute")

    await after.hear()
    await after.no_delays()
    await look.look(after.run.pool, after.gateway)
    early = await outbox_events(after.run.owner, DISPUTED)
    await after.run.finish()
    await after.work(rounds=1)

    assert early == []
    assert len(await outbox_events(after.run.owner, DISPUTED)) == 1


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("won", [("needs_response", AMOUNT, 1_500), ("won", 0, 0)]),
        ("lost", [("needs_response", AMOUNT, 1_500), ("lost", AMOUNT, 1_500)]),
    ],
)
async def test_a_dispute_is_told_as_it_goes(
    after: Aftermath, outcome: str, told: list[tuple[str, int, int]]
) -> None:
    (charge_id,) = await after.paid(GOOD)
    (intent,) = after.stripe.intents(after.run.slug)
    dispute = after.act(f"/sandbox/payment-intents/{intent['id']}/dispute")
    await after.hear()
    await after.work(rounds=1)

    after.act(f"/sandbox/disputes/{dispute['id']}/decide", outcome=outcome)
    await after.hear()
    await after.work(rounds=2)

    events = await outbox_events(after.run.owner, DISPUTED)
    assert [
        (each["status"], each["withdrawn_cents"], each["dispute_fee_cents"]) for each in events
    ] == told
    assert [each["version"] for each in events] == [1, 2]
    assert {each["charge_id"] for each in events} == {charge_id}
    assert events[0]["evidence_due_at"] is not None


async def test_inquiries_and_warnings_withdraw_nothing(after: Aftermath) -> None:
    await after.paid(GOOD, GOOD)
    first, second = after.stripe.intents(after.run.slug)
    after.act(f"/sandbox/payment-intents/{first['id']}/dispute", inquiry=True)
    after.act(f"/sandbox/payment-intents/{second['id']}/fraud-warning")

    await after.hear()
    await after.work(rounds=1)

    events = await outbox_events(after.run.owner, DISPUTED)
    assert sorted((each["kind"], each["withdrawn_cents"]) for each in events) == [
        ("fraud_warning", 0),
        ("inquiry", 0),
    ]


async def test_an_operator_reads_a_dispute_with_the_story_of_its_charge(
    after: Aftermath,
) -> None:
    (charge_id,) = await after.paid(GOOD)
    (intent,) = after.stripe.intents(after.run.slug)
    dispute = after.act(f"/sandbox/payment-intents/{intent['id']}/dispute")
    await after.hear()
    await after.work(rounds=1)

    async with transaction(after.run.pool) as conn:
        (listed,) = await show_money.list_disputes(conn)
        bundle = await show_money.read_dispute(conn, dispute["id"])

    assert (listed.dispute_id, listed.withdrawn) == (dispute["id"], AMOUNT)
    assert bundle.dispute == listed
    assert bundle.charge["chargeId"] == charge_id
    assert [each["state"] for each in bundle.charge["attempts"]] == ["succeeded"]
    assert bundle.charge["requestedAt"] is not None


async def test_news_and_the_sweeper_for_fees_never_wait_in_a_circle(after: Aftermath) -> None:
    await after.paid(GOOD, GOOD, GOOD)
    rows = await after.run.owner.fetch("SELECT stripe_charge_id, payment_intent_id FROM charges")
    news = [_updated(row["stripe_charge_id"], row["payment_intent_id"]) for row in rows]
    async with transaction(after.run.pool) as other:
        # Somebody else has the one in the middle until both wait: each has the one that it
        # comes to first, and wants the one that the other has.
        await hear_stripe.keep_events(other, [news[1]])
        hearing = asyncio.create_task(_in_its_own(after, news[::-1]))
        await _wait(after, 1)
        sweeping = asyncio.create_task(look.look(after.run.pool, after.gateway))
        await _wait(after, 2)

    await hearing
    await sweeping

    kept = await after.run.owner.fetch("SELECT kind, asked FROM looks")
    assert [row["kind"] for row in kept] == ["charge"] * 3


def _updated(stripe_charge_id: str, intent_id: str) -> StripeEventReceived:
    return StripeEventReceived(
        event_id=new_event_id(),
        occurred_at=NOW,
        stripe_event_id=f"evt_{new_event_id()}",
        stripe_type="charge.updated",
        created_at=NOW,
        object_id=stripe_charge_id,
        object={"id": stripe_charge_id, "payment_intent": intent_id},
    )


async def _in_its_own(after: Aftermath, news: list[StripeEventReceived]) -> None:
    async with transaction(after.run.pool) as conn:
        await hear_stripe.keep_events(conn, news)


async def _wait(after: Aftermath, count: int) -> None:
    """Wait until so many sessions of this database wait for another one."""
    while True:
        waiting = await after.run.owner.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        if waiting >= count:
            return
        await asyncio.sleep(0.01)
