"""What the ledger says becomes copies and charges, however often and in whatever order."""

from datetime import timedelta

import asyncpg
import msgspec
import pytest

from contracts.events.pledges import ChargeRequested, PledgeCancelled, PledgeCardChanged
from contracts.ids import CampaignSlug, ChargeId, PledgeId
from contracts.money import Cents
from services.chassis.events.early import NotYet
from services.chassis.events.outbox import new_event_id
from services.chassis.storage.database import Connection, Pool, transaction
from services.settlement.domain import charging
from services.settlement.handlers import recover, take_requests
from services.settlement.handlers.take_requests import RequestRefused
from services.settlement.queries import charges, copies, notices
from services.settlement.queries.charges import NewCharge
from tests.settlement.builders import (
    NOW,
    a_pledge,
    a_slug,
    closed,
    created,
    outbox_events,
    requested,
)


async def request(pool: Pool, event: ChargeRequested) -> None:
    async with transaction(pool) as conn:
        await take_requests.request_charge(conn, event)


async def close(pool: Pool, slug: CampaignSlug, **facts: bool) -> None:
    async with transaction(pool) as conn:
        await take_requests.keep_closing(conn, closed(slug, **facts))


async def test_a_request_is_one_charge_and_one_wake_up(pool: Pool, owner: Connection) -> None:
    slug = a_slug()
    await close(pool, slug)
    event = requested(slug)

    await request(pool, event)
    await request(pool, event)
    await request(pool, msgspec.structs.replace(event, event_id=new_event_id()))

    assert await owner.fetchval("SELECT count(*) FROM charges") == 1
    assert len(await outbox_events(owner, "charges.due")) == 1


async def test_a_charge_of_another_id_is_the_same_charge(pool: Pool, owner: Connection) -> None:
    """Ids were drawn once; now they follow from what a charge is for. Neither makes a second."""
    slug = a_slug()
    await close(pool, slug)
    event = requested(slug)
    drawn = ChargeId("chg_0190c0de-0000-7000-8000-000000000000")
    parameters = charging.create_parameters(drawn, event)
    async with transaction(pool) as conn:
        await charges.insert_charges(conn, [NewCharge(drawn, event, parameters)])

    await request(pool, msgspec.structs.replace(event, event_id=new_event_id()))

    assert [row["charge_id"] for row in await owner.fetch("SELECT charge_id FROM charges")] == [
        drawn
    ]


@pytest.mark.parametrize("is_newer", [True, False])
async def test_news_of_a_card_that_come_before_the_request_are_not_forgotten(
    pool: Pool, owner: Connection, is_newer: bool
) -> None:
    """What the pledge has by now was saved after the request was written, or before."""
    slug = a_slug()
    await close(pool, slug)
    pledge = a_pledge(slug)
    apart = timedelta(hours=1 if is_newer else -1)
    other = msgspec.structs.replace(pledge.card, payment_method_id="pm_other", last4="4444")
    known = msgspec.structs.replace(pledge, revision=2, card=other, card_saved_at=NOW + apart)
    changed = PledgeCardChanged(event_id=new_event_id(), occurred_at=NOW, pledge=known)
    async with transaction(pool) as conn:
        await recover.hear_card(conn, changed)

    await request(
        pool,
        requested(
            slug,
            pledge.card,
            supporter_id=pledge.supporter_id,
            pledge_ids=(pledge.pledge_id,),
            card_saved_at=NOW,
        ),
    )

    card = other if is_newer else pledge.card
    row = await owner.fetchrow("SELECT payment_method_id, card_last4 FROM charges")
    assert tuple(row) == (card.payment_method_id, card.last4)


async def test_another_sum_under_the_same_key_is_refused(pool: Pool, owner: Connection) -> None:
    slug = a_slug()
    await close(pool, slug)
    event = requested(slug)
    await request(pool, event)

    with pytest.raises(RequestRefused, match="another sum"):
        await request(
            pool,
            msgspec.structs.replace(event, event_id=new_event_id(), amount_cents=Cents(1)),
        )

    assert await owner.fetchval("SELECT amount_cents FROM charges") == event.amount_cents


async def test_late_support_is_a_charge_of_its_own(pool: Pool, owner: Connection) -> None:
    slug = a_slug()
    await close(pool, slug)
    event = requested(slug)

    await request(pool, event)
    await request(
        pool,
        msgspec.structs.replace(
            event, event_id=new_event_id(), purpose="late:o1", pledge_ids=(PledgeId("o1"),)
        ),
    )

    assert await owner.fetchval("SELECT count(*) FROM charges") == 2


async def test_a_request_before_the_close_is_known_waits(pool: Pool, owner: Connection) -> None:
    with pytest.raises(NotYet):
        await request(pool, requested(a_slug()))

    assert await owner.fetchval("SELECT count(*) FROM charges") == 0


async def test_nothing_is_charged_for_a_campaign_that_was_not_funded(
    pool: Pool, owner: Connection
) -> None:
    slug = a_slug()
    await close(pool, slug, is_funded=False)

    with pytest.raises(RequestRefused, match="not funded"):
        await request(pool, requested(slug))

    assert await owner.fetchval("SELECT count(*) FROM charges") == 0


async def test_the_final_count_is_written_once(pool: Pool, owner: Connection) -> None:
    slug = a_slug()
    await close(pool, slug)
    await close(pool, slug, is_funded=False)

    assert await owner.fetchval("SELECT is_funded FROM closings") is True


async def test_an_older_revision_of_a_pledge_changes_nothing(pool: Pool, owner: Connection) -> None:
    slug = a_slug()
    first = a_pledge(slug)
    second = msgspec.structs.replace(first, revision=2, status="cancelled")
    cancelled = PledgeCancelled(
        event_id=new_event_id(), occurred_at=first.created_at, pledge=second
    )

    async with transaction(pool) as conn:
        await take_requests.keep_pledge(conn, cancelled)
        await take_requests.keep_pledge(conn, created(first))
        await take_requests.keep_pledge(conn, cancelled)

    rows = await owner.fetch("SELECT status, revision FROM pledge_copies")
    assert [tuple(row) for row in rows] == [("cancelled", 2)]


async def test_pledges_kept_together_are_what_each_is_alone(pool: Pool, owner: Connection) -> None:
    slug = a_slug()
    one, two, three = (a_pledge(slug, amount=each) for each in (1_000, 2_000, 3_000))
    gone = msgspec.structs.replace(two, revision=2, status="cancelled")
    cancelled = PledgeCancelled(event_id=new_event_id(), occurred_at=two.created_at, pledge=gone)

    async with transaction(pool) as conn:
        await take_requests.keep_pledge(conn, cancelled)
        await take_requests.keep_pledges(conn, [created(each) for each in (one, two, three)])
        together = await copies.list_copies(conn, slug)
        noticed = await notices.list_copies_of(conn, [each.pledge_id for each in (one, two, three)])

    assert {(each.pledge_id, each.status, each.amount_cents) for each in together} == {
        (one.pledge_id, "active", 1_000),
        (two.pledge_id, "cancelled", 2_000),
        (three.pledge_id, "active", 3_000),
    }
    assert sorted(noticed, key=lambda each: each.pledge_id) == sorted(
        (one, gone, three), key=lambda each: each.pledge_id
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("amount_cents = amount_cents + 1", id="the sum"),
        pytest.param("supporter_id = 'other'", id="who pays"),
        pytest.param("payment_intent_id = 'pi_2'", id="its PaymentIntent"),
        pytest.param("status = 'new'", id="back to new"),
        pytest.param("status = 'declined'", id="a success becomes a decline"),
        pytest.param("status = 'sending', decided_at = NULL", id="a success is sent again"),
    ],
)
async def test_the_database_itself_refuses_to_change(
    pool: Pool, owner: Connection, change: str
) -> None:
    slug = a_slug()
    await close(pool, slug)
    await request(pool, requested(slug))
    await owner.execute("UPDATE charges SET status = 'sending', payment_intent_id = 'pi_1'")
    await owner.execute(
        "UPDATE charges SET status = 'succeeded', decided_at = now(), stripe_charge_id = 'ch_1'"
    )

    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(f"UPDATE charges SET {change}")
