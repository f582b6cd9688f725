"""Settlement forgets whose card it charged, and keeps what was charged."""

from datetime import UTC, datetime

import msgspec

from contracts.events.pledges import PledgeErased, PledgeSnapshot
from contracts.ids import supporter_id
from contracts.money import Cents
from contracts.pricing import PricedLine
from contracts.streams import CONSUMERS
from services.chassis.events.outbox import new_event_id
from services.chassis.storage.database import Connection, Pool, transaction
from services.settlement.handlers import take_requests
from services.settlement.handlers.forget_person import hear_erased
from services.settlement.queries import notices
from tests.settlement.builders import a_pledge, a_slug, created
from tests.settlement.runs import Settlement
from tests.settlement.sandbox import Sandbox

EMAIL = "jane@halfmoon.example"


def erased(pledge: PledgeSnapshot) -> PledgeErased:
    """Return the news that whoever pledged is to be forgotten."""
    return PledgeErased(
        event_id=new_event_id(),
        occurred_at=datetime.now(UTC),
        pledge_id=pledge.pledge_id,
        order_id=pledge.order_id,
        campaign=pledge.campaign,
        supporter_id=pledge.supporter_id,
        email=EMAIL,
    )


async def test_a_copy_loses_its_person_and_can_still_be_read(pool: Pool, owner: Connection) -> None:
    slug = a_slug()
    pledge, other = a_pledge(slug), a_pledge(slug)
    line = PricedLine(
        kind="tier",
        item_id="frame",
        label="Frame",
        quantity=1,
        unit_cents=Cents(5_000),
        total_cents=Cents(5_000),
        answers={"Name in the credits": "Jane D."},
    )
    pledge = msgspec.structs.replace(
        pledge, email=EMAIL, supporter_id=supporter_id(EMAIL), lines=(line,)
    )
    async with transaction(pool) as conn:
        await take_requests.keep_pledges(conn, [created(pledge), created(other)])

    for _ in range(2):
        async with transaction(pool) as conn:
            await hear_erased(conn, erased(pledge))

    kept = await owner.fetchrow(
        "SELECT (SELECT row_to_json(c)::text FROM pledge_copies AS c WHERE pledge_id = $1)"
        " || (SELECT row_to_json(n)::text FROM notice_copies AS n WHERE pledge_id = $1)",
        pledge.pledge_id,
    )
    assert kept is not None
    for word in (EMAIL, "Jane", pledge.card.last4):
        assert word not in kept[0]
    assert await owner.fetchval(
        "SELECT card_last4 FROM pledge_copies WHERE pledge_id = $1", other.pledge_id
    )
    async with transaction(pool) as conn:
        (shown,) = await notices.list_copies_of(conn, [pledge.pledge_id])
    assert (shown.email, shown.card.last4) == ("", "")
    assert shown.price == pledge.price
    assert [(each.label, each.answers) for each in shown.lines] == [("Frame", {})]


async def test_a_charge_that_was_made_loses_its_card_and_nothing_else(
    run: Settlement, pool: Pool, owner: Connection, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card())
    before = await run.read(charge_id)
    pledge_id = before["pledge_ids"][0]
    event = msgspec.structs.replace(erased(a_pledge(before["campaign"])), pledge_id=pledge_id)
    async with transaction(pool) as conn:
        await hear_erased(conn, event)
    # Not decided yet: whoever charges says which card.
    assert (await run.read(charge_id))["card_last4"] == before["card_last4"] != ""
    await run.charge(charge_id)
    charged = await run.read(charge_id)

    async with transaction(pool) as conn:
        await hear_erased(conn, event)

    after = await run.read(charge_id)
    assert (after["status"], after["card_brand"], after["card_last4"]) == ("succeeded", "", "")
    blank = {name for name in dict(after) if after[name] != charged[name]}
    assert blank <= {"card_brand", "card_last4", "card_exp_month", "card_exp_year"}
    assert after["payment_intent_id"] == charged["payment_intent_id"]


def test_settlement_is_told() -> None:
    (consumer,) = (each for each in CONSUMERS if each.durable == "settlement-pledges")
    assert PledgeErased in consumer.events
