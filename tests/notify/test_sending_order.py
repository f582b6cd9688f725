"""Who is written to next: in order for each person, at our pace, one sender at a time."""

import asyncio
import time

import msgspec
import pytest

from contracts.events.campaigns import CampaignPublished
from contracts.events.checkout import RefusedPart
from contracts.events.pledges import PledgeCancelled, PledgeCreated
from contracts.ids import CampaignSlug, PledgeId
from services.chassis.storage.database import Connection, Pool
from services.notify.resend_gateway import ResendGateway
from services.notify.schedules.send_mails import Sender
from services.notify.steps.pacing import Pace
from tests.notify.conftest import a_definition
from tests.notify.recorder import Recorder
from tests.notify.samples import LETTERS, a_pledge
from tests.notify.telling import mails, make_due, outcomes, pledge, tell, told


async def test_a_limit_stops_all_sending_for_as_long_as_resend_says(
    pool: Pool, gateway: ResendGateway, resend_stub: Recorder, owner: Connection
) -> None:
    pace = Pace(0)
    sender = Sender(pool, gateway=gateway, letters=LETTERS, pace=pace)
    resend_stub.refuse(429, "rate_limit_exceeded", **{"Retry-After": "2"})
    await pledge(pool, "p1")
    await sender.work.finish()
    await pledge(pool, "p2", email="other@halfmoon.example")

    await sender.work.finish()
    held = len(resend_stub.requests)
    await asyncio.sleep(pace.held_seconds)
    await sender.work.finish()

    assert held == 1
    assert [row["status"] for row in await mails(pool)] == ["sent", "sent"]
    assert await outcomes(pool) == ["limited", "accepted", "accepted"]


async def test_a_mail_leased_into_a_pause_goes_back_untried(
    pool: Pool, gateway: ResendGateway, resend_stub: Recorder
) -> None:
    pace = Pace(5)
    sender = Sender(pool, gateway=gateway, letters=LETTERS, pace=pace)
    resend_stub.refuse(429, "rate_limit_exceeded", **{"Retry-After": "60"})
    for name in ("a", "b", "c"):
        await pledge(pool, name, email=f"{name}@halfmoon.example")

    await sender.work.finish()

    assert len(resend_stub.requests) == 1
    rows = await mails(pool)
    assert [row["status"] for row in rows] == ["queued"] * 3
    assert sorted(row["attempts"] for row in rows) == [0, 0, 1]
    assert await outcomes(pool) == ["limited"]


async def test_mails_to_one_person_keep_their_order_through_failures(
    pool: Pool, sender: Sender, resend_stub: Recorder, owner: Connection
) -> None:
    resend_stub.refuse(500, "application_error")
    await pledge(pool, "p1", email="Noor@halfmoon.example")
    cancelled = a_pledge(pledge_id=PledgeId("p1"), status="cancelled", revision=2)
    await tell(pool, told(PledgeCancelled, pledge=cancelled))

    await sender.work.finish()
    asked_while_the_first_waits = len(resend_stub.requests)
    await make_due(owner)
    await sender.work.finish()

    assert asked_while_the_first_waits == 1
    subjects = [request.body["subject"].partition(" | ")[0] for request in resend_stub.requests]
    assert subjects == ["Pledge confirmed", "Pledge confirmed", "Pledge cancelled"]


async def test_one_persons_failures_hold_up_nobody_else(
    pool: Pool, sender: Sender, resend_stub: Recorder
) -> None:
    resend_stub.refuse(500, "application_error")
    await pledge(pool, "p1", email="first@halfmoon.example")
    await sender.work.finish()
    await pledge(pool, "p2", email="second@halfmoon.example")

    await sender.work.finish()

    assert [row["status"] for row in await mails(pool)] == ["queued", "sent"]


async def test_a_mail_without_an_answer_holds_up_only_its_own_recipient(
    pool: Pool, sender: Sender, resend_stub: Recorder
) -> None:
    resend_stub.is_open.clear()
    await pledge(pool, "slow", email="slow@halfmoon.example")
    await sender.work.tick()
    await resend_stub.was_asked.wait()
    held = resend_stub.open_for_others()
    await pledge(pool, "next", email="slow@halfmoon.example")
    for number in range(40):
        await pledge(pool, f"p{number}", email=f"{number}@halfmoon.example")

    limit = time.monotonic() + 8
    while len([row for row in await mails(pool) if row["status"] == "sent"]) < 40:
        assert time.monotonic() < limit, "the others wait for the slow one"
        await sender.work.tick()
        await asyncio.sleep(0.02)

    waiting = [row["status"] for row in await mails(pool) if row["status"] != "sent"]
    assert sorted(waiting) == ["queued", "sending"], "and the second to the same person waits"
    held.set()
    await sender.work.finish()
    assert {row["status"] for row in await mails(pool)} == {"sent"}


async def test_a_sender_that_dies_during_the_call_leaves_the_same_request_to_the_next(
    pool: Pool, sender: Sender, resend_stub: Recorder, owner: Connection
) -> None:
    resend_stub.is_open.clear()
    await pledge(pool, "p1")
    dying = asyncio.create_task(sender.work.finish())
    await resend_stub.was_asked.wait()
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    await sender.work.end(within_seconds=0)
    resend_stub.is_open.set()

    await sender.work.finish()
    before_the_lease_ends = len(resend_stub.requests)
    await make_due(owner)
    await sender.work.finish()

    assert before_the_lease_ends == 1
    first, second = resend_stub.requests
    assert first == second
    (row,) = await mails(pool)
    assert (row["status"], row["attempts"]) == ("sent", 2)


async def test_two_senders_at_once_offer_each_mail_once(
    pool: Pool, gateway: ResendGateway, resend_stub: Recorder
) -> None:
    for number in range(40):
        await pledge(pool, f"p{number}", email=f"{number % 25}@halfmoon.example")
    senders = [Sender(pool, gateway=gateway, letters=LETTERS, pace=Pace(0)) for _ in range(3)]

    for _ in range(4):
        await asyncio.gather(*(each.work.finish() for each in senders))

    assert {row["status"] for row in await mails(pool)} == {"sent"}
    assert len(resend_stub.keys) == len(set(resend_stub.keys)) == 40


async def test_a_mail_about_a_campaign_nobody_has_told_us_of_waits_for_it(
    pool: Pool, sender: Sender, resend_stub: Recorder, owner: Connection
) -> None:
    early = a_pledge(pledge_id=PledgeId("p1"), campaign=CampaignSlug("unheard-of"))
    await tell(pool, told(PledgeCreated, pledge=early))

    await sender.work.finish()
    (waiting,) = await mails(pool)
    await owner.execute("UPDATE campaigns SET slug = 'unheard-of'")
    await sender.work.finish()

    assert (waiting["status"], waiting["attempts"]) == ("queued", 0)
    assert [row["status"] for row in await mails(pool)] == ["sent"]


async def test_a_short_pause_is_waited_out_in_the_line_and_a_long_one_is_not() -> None:
    pace, began = Pace(0), time.monotonic()
    pace.hold(0.3)
    assert await pace.turn()
    assert 0.3 <= time.monotonic() - began < 3

    pace.hold(60)
    assert not await pace.turn()
    assert time.monotonic() - began < 3


async def test_the_pace_is_kept_in_every_second_whoever_is_late() -> None:
    pace, begun = Pace(20), []

    async def take() -> None:
        assert await pace.turn()
        begun.append(time.monotonic())
        if len(begun) == 3:
            # Something else kept the process busy.
            time.sleep(0.15)  # noqa: ASYNC251

    await asyncio.gather(*(take() for _ in range(26)))

    assert all(later - sooner >= 1.0 for sooner, later in zip(begun, begun[20:], strict=False))
    assert begun[-1] - begun[0] < 1.8
    assert Pace(2).at_once == 6
    assert Pace(0.1).at_once == 1


async def test_a_mail_that_names_another_campaign_waits_until_its_title_is_known(
    pool: Pool, sender: Sender, resend_stub: Recorder
) -> None:
    late = RefusedPart(campaign=CampaignSlug("unheard-of"), reason="deadline_passed")
    await tell(pool, told(PledgeCreated, pledge=a_pledge(), refused=(late,)))

    await sender.work.finish()
    (waiting,) = await mails(pool)
    other = msgspec.structs.replace(a_definition(title="Nobody Listens"), slug=late.campaign)
    await tell(pool, told(CampaignPublished, definition=other))
    await sender.work.finish()

    assert (waiting["status"], waiting["attempts"]) == ("queued", 0)
    (request,) = resend_stub.requests
    assert "Nothing was pledged to Nobody Listens" in request.body["text"]
    assert request.body["subject"] == "Pledge confirmed | Nine Bridges North"
