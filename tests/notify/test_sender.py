"""What Resend answers, and what becomes of the mail: rather twice than never."""

import logging

import pytest

from services.chassis.storage.database import Connection, Pool
from services.notify.resend_gateway import ResendGateway
from services.notify.schedules.send_mails import Sender
from services.notify.steps.pacing import Pace
from tests.notify.recorder import Recorder
from tests.notify.samples import LETTERS
from tests.notify.telling import mails, make_due, outcomes, pledge


async def test_a_mail_is_offered_with_its_id_as_key_and_recorded(
    pool: Pool, sender: Sender, resend_stub: Recorder
) -> None:
    await pledge(pool, "p1")

    await sender.work.finish()
    await sender.work.finish()

    (row,) = await mails(pool)
    (request,) = resend_stub.requests
    assert (row["status"], row["resend_id"], row["attempts"]) == ("sent", "re-1", 1)
    assert request.key == row["mail_id"]
    assert request.authorization == "Bearer re_test"
    assert request.body["to"] == ["noor@halfmoon.example"]
    assert request.body["from"] == "The Pool <pledges@pool.example>"
    assert request.body["subject"] == "Pledge confirmed | Nine Bridges North"
    assert request.body["headers"] == {"X-Entity-Ref-ID": row["mail_id"]}
    assert await outcomes(pool) == ["accepted"]


@pytest.mark.parametrize(
    "refusal",
    [
        (500, "application_error"),
        (502, "application_error"),
        (401, "application_error"),
        # Our domain is not verified, our account is looked at: no mail's fault.
        (403, "validation_error"),
        (451, "security_error"),
        (422, "invalid_from_address"),
        # Another sender's request under this key is under way: it was frozen past its lease.
        (409, "concurrent_idempotent_requests"),
    ],
)
async def test_a_failing_resend_gets_the_same_letter_under_the_same_key_again(
    pool: Pool,
    sender: Sender,
    resend_stub: Recorder,
    owner: Connection,
    refusal: tuple[int, str],
) -> None:
    resend_stub.refuse(*refusal)
    await pledge(pool, "p1")

    await sender.work.finish()
    (waiting,) = await mails(pool)
    await make_due(owner)
    await sender.work.finish()

    (row,) = await mails(pool)
    assert waiting["status"] == "queued"
    assert 50 < (waiting["next_attempt_at"] - waiting["first_attempt_at"]).total_seconds() < 70
    assert row["status"] == "sent"
    first, second = resend_stub.requests
    assert first == second
    assert await outcomes(pool) == ["undecided", "accepted"]


async def test_an_answer_that_never_comes_is_unknown_and_the_key_stays(
    pool: Pool, resend_stub: Recorder, owner: Connection
) -> None:
    gateway = ResendGateway(api_key="re_test", api_base=resend_stub.url, budget_seconds=0.2)
    sender = Sender(pool, gateway=gateway, letters=LETTERS, pace=Pace(0))
    resend_stub.is_open.clear()
    await pledge(pool, "p1")

    await sender.work.finish()
    was_away = gateway.is_away
    resend_stub.is_open.set()
    resend_stub.hang_up()
    await make_due(owner)
    await sender.work.finish()
    await make_due(owner)
    await sender.work.finish()

    await gateway.close()
    assert (was_away, gateway.is_away) == (True, False)
    assert len(set(resend_stub.keys)) == 1
    assert await outcomes(pool) == ["undecided", "undecided", "accepted"]


async def test_resend_down_keeps_every_mail(
    pool: Pool, sender: Sender, resend_stub: Recorder, owner: Connection
) -> None:
    await resend_stub.stop()
    await pledge(pool, "p1")

    await sender.work.finish()

    (row,) = await mails(pool)
    assert (row["status"], row["attempts"]) == ("queued", 1)


@pytest.mark.parametrize("refusal", [(422, "validation_error"), (400, "x")])
async def test_a_mail_resend_will_never_take_is_undeliverable_and_not_tried_again(
    pool: Pool,
    sender: Sender,
    resend_stub: Recorder,
    owner: Connection,
    refusal: tuple[int, str],
) -> None:
    resend_stub.refuse(*refusal)
    await pledge(pool, "p1")
    await pledge(pool, "p2")

    await sender.work.finish()
    await make_due(owner)
    await sender.work.finish()

    assert [row["status"] for row in await mails(pool)] == ["undeliverable", "sent"]
    assert len(resend_stub.requests) == 2


async def test_a_key_of_ours_that_resend_does_not_know_is_no_mails_fault(
    pool: Pool, sender: Sender, resend_stub: Recorder
) -> None:
    resend_stub.refuse(403, "invalid_api_key")
    await pledge(pool, "p1")

    await sender.work.finish()

    (row,) = await mails(pool)
    assert row["status"] == "queued"


async def test_a_mail_that_was_first_tried_too_long_ago_is_parked_untouched(
    pool: Pool, sender: Sender, resend_stub: Recorder, owner: Connection
) -> None:
    resend_stub.refuse(500, "application_error")
    await pledge(pool, "p1")
    await sender.work.finish()
    await owner.execute("UPDATE mails SET first_attempt_at = now() - interval '23 hours 1 second'")
    await make_due(owner)

    await sender.work.finish()

    (row,) = await mails(pool)
    assert row["status"] == "parked"
    assert len(resend_stub.requests) == 1


async def test_a_wording_that_changed_between_attempts_goes_out_under_a_new_key(
    pool: Pool, sender: Sender, resend_stub: Recorder
) -> None:
    resend_stub.refuse(409, "invalid_idempotent_request")
    await pledge(pool, "p1")

    await sender.work.finish()

    (row,) = await mails(pool)
    assert row["status"] == "sent"
    assert resend_stub.keys == [row["mail_id"], f"{row['mail_id']}:2"]
    assert await outcomes(pool) == ["key_taken", "accepted"]


async def test_a_letter_that_cannot_be_written_holds_up_no_other(
    pool: Pool, sender: Sender, resend_stub: Recorder, owner: Connection
) -> None:
    await owner.execute("UPDATE campaigns SET timezone = 'Nowhere/Atlantis'")
    await pledge(pool, "p1")
    await sender.work.finish()
    (failed,) = await mails(pool)
    await owner.execute("UPDATE campaigns SET timezone = 'America/Denver'")
    await make_due(owner)

    await sender.work.finish()

    assert (failed["status"], failed["attempts"]) == ("queued", 1)
    assert [row["status"] for row in await mails(pool)] == ["sent"]


async def test_nothing_logged_or_recorded_holds_an_address_or_a_key(
    pool: Pool, sender: Sender, resend_stub: Recorder, capfd: pytest.CaptureFixture[str]
) -> None:
    from services.chassis.process import telemetry

    telemetry.configure_logs("notify", "DEBUG")
    resend_stub.refuse(500, "application_error")
    await pledge(pool, "p1")
    await pledge(pool, "p2", email="second@halfmoon.example")

    await sender.work.finish()

    # Lines leave through a thread of their own.
    for handler in logging.getLogger().handlers:
        handler.flush()
    said = "".join(capfd.readouterr())
    assert '"mail_attempted"' in said
    assert "halfmoon" not in said
    assert "?t=" not in said
