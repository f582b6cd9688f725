"""What Stripe said is kept once and never changed; an unknown outcome is looked at sooner."""

import json
from typing import Any

import asyncpg
import pytest

from contracts.events.checkout import StripeEventReceived
from services.chassis.events.outbox import new_event_id
from services.chassis.storage.database import Connection, Pool, transaction
from services.settlement.consumers import listeners
from services.settlement.domain.charging import Created, Unknown
from services.settlement.handlers import make_charge
from services.settlement.handlers.hear_stripe import payment_intent_of
from services.settlement.schedules import charges
from tests.settlement.builders import NOW
from tests.settlement.runs import Settlement
from tests.settlement.sandbox import Sandbox

(KEEP,) = [
    handler
    for each in listeners()
    for event, handler in each.handlers.by_type.items()
    if event is StripeEventReceived
]


def an_event(
    stripe_type: str = "charge.updated", object_id: str = "ch_1", **facts: Any
) -> StripeEventReceived:
    return StripeEventReceived(
        event_id=new_event_id(),
        occurred_at=NOW,
        stripe_event_id=f"evt_{stripe_type}_{object_id}",
        stripe_type=stripe_type,
        created_at=NOW,
        object_id=object_id,
        object={"id": object_id, **facts},
    )


async def hear(pool: Pool, *events: StripeEventReceived) -> None:
    for event in events:
        async with transaction(pool) as conn:
            await KEEP(conn, event)


async def test_an_event_is_kept_once_whatever_brings_it_again(
    pool: Pool, owner: Connection
) -> None:
    await hear(pool, an_event(payment_intent="pi_1"), an_event(payment_intent="pi_1"))

    rows = await owner.fetch("SELECT object_id, payment_intent_id, object FROM stripe_events")

    assert [tuple(row)[:2] for row in rows] == [("ch_1", "pi_1")]


@pytest.mark.parametrize(
    ("stripe_type", "facts", "intent"),
    [
        pytest.param("payment_intent.succeeded", {}, "it", id="the object itself"),
        pytest.param("charge.updated", {"payment_intent": "pi_1"}, "pi_1", id="named"),
        pytest.param("refund.created", {"payment_intent": {"id": "pi_1"}}, "pi_1", id="expanded"),
        pytest.param("charge.dispute.created", {"payment_intent": None}, None, id="nobody"),
        pytest.param("charge.dispute.created", {"payment_intent": 7}, None, id="nonsense"),
    ],
)
def test_which_payment_intent_an_event_is_about(
    stripe_type: str, facts: dict[str, Any], intent: str | None
) -> None:
    assert payment_intent_of(an_event(stripe_type, "it", **facts)) == intent


async def test_an_object_too_large_for_the_bus_is_kept_by_its_id(
    pool: Pool, owner: Connection
) -> None:
    large = StripeEventReceived(
        event_id=new_event_id(),
        occurred_at=NOW,
        stripe_event_id="evt_1",
        stripe_type="charge.updated",
        created_at=NOW,
        object_id="ch_large",
        object=None,
    )

    await hear(pool, large)

    assert await owner.fetchval("SELECT object_id FROM stripe_events") == "ch_large"


async def test_what_is_kept_says_what_happened_to_money_and_not_whose_it_was(
    pool: Pool, owner: Connection
) -> None:
    person = {"email": "jane@halfmoon.example", "name": "Jane Doe"}
    card = {"card": {"last4": "4242", "fingerprint": "f"}}

    await hear(
        pool,
        an_event(
            amount=2_500,
            metadata={"campaign": "one-roll"},
            billing_details=person,
            receipt_email=person["email"],
            payment_method_details=card,
            customer="cus_1",
            evidence={"customer_name": "Jane Doe"},
        ),
    )

    assert json.loads(await owner.fetchval("SELECT object::text FROM stripe_events")) == {
        "id": "ch_1",
        "amount": 2_500,
        "metadata": {"campaign": "one-roll"},
    }


@pytest.mark.parametrize(
    "statement",
    ["UPDATE stripe_events SET object = NULL", "DELETE FROM stripe_events"],
)
async def test_nobody_changes_what_stripe_said(
    pool: Pool, owner: Connection, statement: str
) -> None:
    await hear(pool, an_event())

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(statement)
    with pytest.raises(asyncpg.RaiseError, match="append_only"):
        await owner.execute(statement)


async def test_news_of_an_unknown_charge_has_it_read_back_at_once(
    run: Settlement, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())
    work = await run.take(charge_id)
    assert work is not None
    created = await run.gateway.create(work.charge.create_parameters, work.create_key)
    assert isinstance(created, Created)
    await run.begin_confirm(work, created.payment_intent_id)
    await run.gateway.confirm(created.payment_intent_id, work.attempt.confirm_parameters, "k")
    async with transaction(run.pool) as conn:
        await make_charge.record_unknown(conn, work, Unknown(reason="no_answer"))

    await hear(run.pool, an_event("payment_intent.succeeded", created.payment_intent_id))
    await run.leases_end()
    await charges.reader(run.pool, run.gateway).finish()

    assert await run.statuses() == ["succeeded"]
