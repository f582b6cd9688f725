"""The notice before a charge: every pledge in the sum, once per moment, never after the fact."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contracts.events.campaigns import CampaignPublished
from contracts.events.pledges import PledgeCancelled, PledgeCreated, PledgeSnapshot
from contracts.ids import SupporterId
from services.chassis.events.outbox import new_event_id
from services.chassis.storage.database import Connection, Pool, transaction
from services.settlement.handlers import keep_definitions, take_requests
from services.settlement.handlers.give_notice import notice_of
from services.settlement.schedules import money as after_schedules
from tests.settlement.builders import (
    A_CARD,
    NOW,
    a_definition,
    a_pledge,
    a_slug,
    a_supporter,
    closed,
    created,
    move_clock,
    outbox_events,
    published,
    requested,
)

DEADLINE = NOW + timedelta(days=30)
DAYS = timedelta(days=1)
TOLD = "settlement.charge_notice_due"
SLUG = a_slug()
NOOR = a_supporter()
NEWER = msgspec.structs.replace(A_CARD, payment_method_id="pm_2", last4="4444")


async def hear(pool: Pool, *events: Any) -> None:
    async with transaction(pool) as conn:
        for event in events:
            if isinstance(event, CampaignPublished):
                await keep_definitions.keep_campaign(conn, event)
            elif isinstance(event, PledgeCreated | PledgeCancelled):
                await take_requests.keep_pledge(conn, event)


async def two_pledges(pool: Pool) -> list[PledgeSnapshot]:
    first = a_pledge(SLUG, supporter=NOOR, amount=4_000)
    second = a_pledge(
        SLUG, supporter=NOOR, amount=1_944, card=NEWER, created_at=NOW + timedelta(days=1)
    )
    await hear(pool, published(a_definition(SLUG)), created(first), created(second))
    return [first, second]


async def told(owner: Connection) -> list[tuple[str, str, int]]:
    events = await outbox_events(owner, TOLD)
    return [
        (each["moment"], each["notice"]["supporter_id"], each["notice"]["total_cents"])
        for each in events
    ]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(timedelta(hours=48, seconds=5), 0, id="a little early"),
        pytest.param(timedelta(hours=48), 1, id="two days ahead"),
        pytest.param(timedelta(minutes=5), 1, id="caught up in time"),
        pytest.param(timedelta(seconds=-1), 0, id="after the deadline"),
    ],
)
async def test_two_days_before_the_deadline_one_notice_lists_every_pledge(
    pool: Pool, owner: Connection, before: timedelta, expected: int
) -> None:
    pledges = await two_pledges(pool)
    await move_clock(owner, DEADLINE - before)

    await after_schedules.give_notices(pool)
    await after_schedules.give_notices(pool)

    assert await told(owner) == [("two_days", NOOR, 5_944)] * expected
    if expected:
        (event,) = await outbox_events(owner, TOLD)
        assert sorted(each["pledge_id"] for each in event["pledges"]) == sorted(
            each.pledge_id for each in pledges
        )
        assert event["notice"]["card"]["last4"] == "4444"


async def test_who_cancelled_is_not_told(pool: Pool, owner: Connection) -> None:
    first, second = await two_pledges(pool)
    gone = [
        msgspec.structs.replace(each, status="cancelled", revision=2) for each in (first, second)
    ]
    await hear(
        pool,
        *(PledgeCancelled(event_id=new_event_id(), occurred_at=NOW, pledge=each) for each in gone),
    )
    await move_clock(owner, DEADLINE - DAYS)

    await after_schedules.give_notices(pool)

    assert await told(owner) == []


async def test_a_campaign_that_was_ended_early_gives_no_notice(
    pool: Pool, owner: Connection
) -> None:
    await two_pledges(pool)
    async with transaction(pool) as conn:
        await take_requests.keep_closing(conn, closed(SLUG, is_funded=False))
    await move_clock(owner, DEADLINE - DAYS)

    await after_schedules.give_notices(pool)

    assert await told(owner) == []


async def test_the_close_is_told_with_the_charge_it_is_about_and_once(
    pool: Pool, owner: Connection
) -> None:
    pledges = await two_pledges(pool)
    request = requested(
        SLUG,
        amount=5_944,
        supporter_id=NOOR,
        pledge_ids=tuple(each.pledge_id for each in pledges),
    )
    async with transaction(pool) as conn:
        await take_requests.keep_closing(conn, closed(SLUG))
        await take_requests.request_charge(conn, request)
        await take_requests.request_charge(conn, request)

    assert await told(owner) == [("close", NOOR, 5_944)]


async def test_late_support_is_charged_without_notice(pool: Pool, owner: Connection) -> None:
    first, _ = await two_pledges(pool)
    request = requested(
        SLUG,
        amount=4_000,
        supporter_id=NOOR,
        pledge_ids=(first.pledge_id,),
        purpose=f"late:{first.order_id}",
    )
    async with transaction(pool) as conn:
        await take_requests.keep_closing(conn, closed(SLUG))
        await take_requests.request_charge(conn, request)

    assert await told(owner) == []


async def test_a_charge_is_not_held_up_by_a_notice_that_cannot_be_written(
    pool: Pool, owner: Connection
) -> None:
    async with transaction(pool) as conn:
        await take_requests.keep_closing(conn, closed(SLUG))
        await take_requests.request_charge(conn, requested(SLUG))

    assert await told(owner) == []
    assert await owner.fetchval("SELECT count(*) FROM charges") == 1


async def test_hundreds_are_told_each_once(pool: Pool, owner: Connection) -> None:
    people = [SupporterId(f"sup_{number:032x}") for number in range(230)]
    await hear(
        pool,
        published(a_definition(SLUG)),
        *(created(a_pledge(SLUG, supporter=each)) for each in people),
    )
    await move_clock(owner, DEADLINE - DAYS)

    await after_schedules.give_notices(pool)

    assert sorted(supporter for _, supporter, _ in await told(owner)) == sorted(people)


def test_the_notice_is_in_the_words_of_the_newest_card() -> None:
    older = a_pledge(SLUG, supporter=NOOR, amount=4_000)
    newer = msgspec.structs.replace(
        a_pledge(SLUG, supporter=NOOR, amount=1_944, card=NEWER),
        language="es",
        card_saved_at=NOW + timedelta(days=2),
    )

    notice = notice_of([newer, older])

    assert (notice.language, notice.card, notice.total_cents) == ("es", NEWER, 5_944)
